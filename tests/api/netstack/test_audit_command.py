"""``nova-netplugins-manage netstack audit [--repair]``, as an operator types it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nova_netplugins.netstack.l2 import NewPort
from tests.api.ethernet.served import ServedCloud
from tests.api.netstack.served import Netstack, net_api, write_conf
from tests.functional.manage_tool import Tool
from tests.servers import free_port


@pytest.fixture
def tool(netstack: Netstack, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tool:
    """On the database of the server."""
    return Tool(tmp_path / "nova-netplugins.conf", "netstack", capsys)


def found(tool: Tool, *words: str) -> tuple[int, list[dict[str, Any]]]:
    code, out, err = tool.run("audit", *words, "--format", "json")
    assert err == ""
    return code, json.loads(out)


def test_what_is_missing_is_told_and_made_again(
    netstack: Netstack, cloud: ServedCloud, tool: Tool
) -> None:
    project = netstack.new_project()
    [nic] = netstack.boot(project, "i1", netstack.network(project), host="compute-1")
    assert tool.does("audit") == "nothing is wrong"
    port_id = nic["attributes"]["port_id"]
    net_api(cloud).l2.delete_port(port_id)

    code, [told] = found(tool)
    assert code == 1
    assert (told["finding"], told["where"], told["id"]) == (
        "NIC without port",
        "layer 2",
        nic["id"],
    )
    assert port_id in told["why"] and told["repair"].startswith("make a port again")
    assert (told["repaired"], told["network"]) == (False, nic["network_id"])

    code, [told] = found(tool, "--repair")
    assert (code, told["repaired"]) == (0, True)
    assert tool.does("audit") == "nothing is wrong"


def test_a_leak_waits_for_a_second_look(netstack: Netstack, cloud: ServedCloud, tool: Tool) -> None:
    api, network = net_api(cloud), netstack.network()
    name = api.deployment.port_name("00000000-0000-0000-0000-000000000000")
    mac = "fa:16:3e:00:00:01"
    leaked = api.l2.create_port(NewPort(network["id"], mac, "i1", name=name))
    for words in ((), ("--repair",), ("--repair",)):
        code, [told] = found(tool, *words)
        assert (code, told["id"], told["repaired"]) == (1, leaked.id, False)
        assert told["first_seen"] is not None
    assert told["note"].startswith("it was seen too lately: not before ")
    assert api.l2.get_port(leaked.id) == leaked


def test_while_melange_is_away_nothing_is_known(
    netstack: Netstack, cloud: ServedCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "elsewhere"
    directory.mkdir()
    nobody = f"http://127.0.0.1:{free_port()}"
    file = write_conf(directory, cloud.conf.database.connection, nobody)
    code, error = Tool(file, "netstack", capsys).refuses("audit", "--repair")
    assert code == 1 and error.startswith("error: Melange cannot ") and nobody in error
