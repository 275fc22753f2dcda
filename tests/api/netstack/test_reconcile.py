"""``netstack reconcile`` and ``PUT /reconciliation``: done, and not to be done now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.ethernet.served import ServedCloud, serve
from tests.api.netstack.served import Netstack, netstack_of, write_conf
from tests.functional.manage_tool import Tool
from tests.servers import free_port


@pytest.fixture
def tool(netstack: Netstack, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tool:
    """On the database of the server."""
    return Tool(tmp_path / "nova-netplugins.conf", "netstack", capsys)


@pytest.fixture
def without_melange(cloud: ServedCloud, netstack: Netstack, tmp_path: Path) -> Path:
    """A configuration for the same database, and a network in it."""
    netstack.network(netstack.new_project())
    directory = tmp_path / "elsewhere"
    directory.mkdir()
    nobody = f"http://127.0.0.1:{free_port()}"
    return write_conf(directory, cloud.conf.database.connection, nobody)


def test_the_command_ends_with_0_when_all_is_done(netstack: Netstack, tool: Tool) -> None:
    project = netstack.new_project()
    network = netstack.network(project)
    assert tool.rows("reconcile") == []
    netstack.ipam.ip_blocks.create(project, "10.9.0.0/24", network_id=network["id"])
    [told] = tool.rows("reconcile")
    assert told == {"changed": f"network {network['id']} follows its blocks"}


def test_the_command_ends_with_1_when_melange_is_away(
    without_melange: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = Tool(without_melange, "netstack", capsys).run("reconcile")
    assert (code, err) == (1, "")
    assert "could not look at what was changed elsewhere: Melange cannot list the blocks" in out


def test_the_request_tells_what_failed_apart(without_melange: Path, netstack: Netstack) -> None:
    assert netstack.put("/reconciliation") == {"reconciliation": {"changed": [], "failed": []}}
    with serve(without_melange) as away:
        told = netstack_of(away, netstack.ipam).put("/reconciliation")["reconciliation"]
    assert told["changed"] == []
    [failed] = told["failed"]
    assert failed.startswith("could not look at what was changed elsewhere: Melange cannot")
