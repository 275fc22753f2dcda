"""``dhcp status``: how far what is served is from what Melange says, and whether anybody looks."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from nova_netplugins.ethernet.rows import utcnow
from nova_netplugins.netstack.tables import DHCP_REPORTS
from tests.api.ethernet.served import ServedCloud
from tests.api.netstack.served import Netstack, net_api
from tests.functional.manage_tool import Tool

NOTHING = {"count": 0, "examples": []}
IN_STEP = {
    "driver": "kea",
    "allocated": 2,
    "served": 2,
    "missing": NOTHING,
    "extra": NOTHING,
    "wrong": NOTHING,
}
MISSING = {**IN_STEP, "served": 1, "missing": {"count": 1, "examples": ["10.1.0.3 of m"]}}


@pytest.fixture
def tool(netstack: Netstack, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tool:
    return Tool(tmp_path / "nova-netplugins.conf", "netstack", capsys)


def status(tool: Tool, *words: str) -> tuple[int, list[dict[str, Any]]]:
    code, out, errors = tool.run("dhcp", "status", *words, "--format", "json")
    assert errors == ""
    return code, json.loads(out)


def test_it_says_where_nobody_looks(netstack: Netstack, tool: Tool, cloud: ServedCloud) -> None:
    assert tool.does("dhcp", "status") == "no network has DHCP"
    netstack.network(subnets=[])
    netstack.network(enable_dhcp=False)
    network = netstack.network()
    code, [row] = status(tool)
    assert (code, row["network"], row["state"]) == (1, network["id"], "no host serves it")
    netstack.put("/hosts/net-1/networks")
    code, [row] = status(tool)
    assert (code, row["host"], row["state"]) == (1, "net-1", "its host does not report")
    netstack.put(f"/hosts/net-1/networks/{network['id']}/dhcp", {"dhcp": IN_STEP})
    assert status(tool)[0] == 0
    long_ago = utcnow() - datetime.timedelta(hours=1)
    net_api(cloud).run(lambda c: c.execute(DHCP_REPORTS.update().values(checked_at=long_ago)))
    code, [row] = status(tool)
    assert (code, row["state"]) == (1, "its host reports no more")


def test_it_names_the_drift_and_remembers_it(netstack: Netstack, tool: Tool) -> None:
    network = netstack.network()
    netstack.put("/hosts/net-1/networks")
    path = f"/hosts/net-1/networks/{network['id']}/dhcp"
    netstack.put(path, {"dhcp": MISSING})
    code, [row] = status(tool, "--network", network["id"])
    assert (code, row["state"], row["driver"]) == (1, "drifted", "kea")
    assert (row["allocated"], row["served"], row["missing"], row["extra"]) == (2, 1, 1, 0)
    assert row["examples"] == ["missing 10.1.0.3 of m"]
    netstack.put(path, {"dhcp": IN_STEP})
    code, [row] = status(tool)
    assert (code, row["state"], row["missing"]) == (0, "in step", 0)
    assert row["drift"] == "1 missing (10.1.0.3 of m)"
    assert row["drifted_at"] <= row["checked_at"]
    assert "| in step |" in tool.does("dhcp", "status")


def test_a_host_that_serves_it_no_more_counts_no_more(netstack: Netstack, tool: Tool) -> None:
    network = netstack.network()
    netstack.put("/hosts/net-1/networks")
    path = f"/networks/{network['id']}"
    netstack.put(f"/hosts/net-1{path}/dhcp", {"dhcp": IN_STEP})
    netstack.put(path, {"network": {"host": "net-2"}})
    netstack.put(f"/hosts/net-1{path}/dhcp", {"dhcp": IN_STEP})
    [row] = status(tool)[1]
    assert (row["host"], row["state"]) == ("net-2", "its host does not report")
    netstack.put(f"/hosts/net-2{path}/dhcp", {"dhcp": IN_STEP})
    assert status(tool)[0] == 0


def test_hosts_are_asked_to_compare(netstack: Netstack, tool: Tool) -> None:
    netstack.network()
    netstack.network(enable_dhcp=False)
    assert tool.does("dhcp", "check") == "hosts are asked to compare, networks: 1"


def test_an_unknown_network_is_named(tool: Tool) -> None:
    assert "nobody" in tool.refuses("dhcp", "check", "--network", "nobody")[1]
    assert "nobody" in tool.refuses("dhcp", "status", "--network", "nobody")[1]
