"""``nova-netplugins-manage netstack ...``, as an operator types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.ethernet.served import address_of
from tests.api.netstack.served import Netstack
from tests.functional.manage_tool import Tool

CREATE = ("network", "create", "--label", "blue", "--fixed_range_v4", "10.1.0.0/24")


@pytest.fixture
def tool(netstack: Netstack, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tool:
    """On the database of the server."""
    return Tool(tmp_path / "nova-netplugins.conf", "netstack", capsys)


def test_a_network_from_its_making_to_its_end(netstack: Netstack, tool: Tool) -> None:
    table = tool.does(
        *(*CREATE, "--fixed_range_v6", "fd00:1::/64", "--gateway", "10.1.0.254", "--mtu", "1400"),
        *("--dns1", "192.0.2.53", "--dns2", "2001:db8::53", "--project_id", "p1", "--no-dhcp"),
    )
    assert "| 10.1.0.0/24, fd00:1::/64 |" in table
    [network] = netstack.get("/networks")["networks"]
    assert (network["mtu"], network["enable_dhcp"], network["project_id"]) == (1400, False, "p1")
    first, second = network["subnets"]
    assert (first["gateway"], first["dns"]) == ("10.1.0.254", ["192.0.2.53"])
    assert second["dns"] == ["2001:db8::53"]
    [listed] = tool.rows("network", "list")
    assert (listed["id"], listed["segment"]) == (network["id"], network["segment"])

    which = ("--uuid", network["id"])
    [changed] = tool.rows("network", "modify", *which, "--label", "red", "--dhcp", "--no-router")
    assert (changed["label"], changed["enable_dhcp"], changed["routed"]) == ("red", True, False)
    tool.does("network", "modify", *which, "--host", "net-1")
    assert {"field": "host", "value": "net-1"} in tool.rows("network", "show", *which)
    [changed] = tool.rows("network", "modify", *which, "--disassociate-host")
    assert changed["host"] is None
    assert tool.does("network", "delete", *which) == f"network {network['id']} is deleted"
    assert tool.rows("network", "list") == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--fixed_range_v4", "fd00::/64"), "--fixed_range_v4 'fd00::/64' is not a usable network"),
        (
            ("--fixed_range_v6", "10.0.0.0/24"),
            "--fixed_range_v6 '10.0.0.0/24' is not a usable network",
        ),
        (("--dns1", "10.0.0.1"), "--dns1 '10.0.0.1' is not valid: it needs --fixed_range_v4"),
        (
            ("--fixed_range_v4", "10.0.0.0/24", "--dns2", "fd00::1"),
            "--dns2 'fd00::1' is not valid: it needs --fixed_range_v6",
        ),
        (("--gateway_v6", "fd00::1"), "--gateway_v6 'fd00::1' is not valid: it needs"),
    ],
)
def test_what_no_subnet_of_its_version_can_have_is_refused(
    tool: Tool, words: tuple[str, ...], told: str
) -> None:
    code, error = tool.refuses("network", "create", "--label", "a", *words)
    assert code == 1 and told in error
    assert tool.rows("network", "list") == []


def test_a_network_of_quantum_is_adopted(netstack: Netstack, tool: Tool) -> None:
    unknown = "8e2e3a4b-57c8-4c3c-9a39-1d1f0c1f6f2e"
    code, error = tool.refuses(*CREATE, "--adopt", unknown)
    assert code == 2 and unknown in error
    assert tool.rows("network", "list") == []


def test_subnets_are_added_listed_and_deleted(netstack: Netstack, tool: Tool) -> None:
    network = netstack.network(subnets=[])
    on = ("--network", network["id"])
    [made] = tool.rows("subnet", "create", *on, "--cidr", "10.5.0.0/24", "--dns", "192.0.2.53")
    assert (made["gateway"], made["dns"], made["priority"]) == ("10.5.0.1", "192.0.2.53", 0)
    tool.does("subnet", "create", *on, "--cidr", "fd00:5::/64", "--gateway", "")
    listed = tool.rows("subnet", "list", *on)
    assert [(one["cidr"], one["gateway"]) for one in listed] == [
        ("10.5.0.0/24", "10.5.0.1"),
        ("fd00:5::/64", None),
    ]
    tool.does("subnet", "delete", *on, "--uuid", made["id"])
    assert [one["cidr"] for one in tool.rows("subnet", "list", *on)] == ["fd00:5::/64"]
    assert tool.refuses("subnet", "delete", *on, "--uuid", made["id"])[0] == 2


def test_nics_are_listed_shown_and_deleted(netstack: Netstack, tool: Tool) -> None:
    project = netstack.new_project()
    network = netstack.network(project)
    [nic] = netstack.boot(project, "i1", network, host="compute-1")
    [listed] = tool.rows("nic", "list", "--host", "compute-1", "--project", project)
    assert (listed["id"], listed["addresses"]) == (nic["id"], address_of(nic))
    assert tool.rows("nic", "list", "--instance", "i2") == []
    shown = tool.rows("nic", "show", "--uuid", nic["id"])
    assert {"field": "port_id", "value": nic["attributes"]["port_id"]} in shown
    assert tool.does("nic", "delete", "--uuid", nic["id"]).endswith("is deleted")
    assert tool.refuses("nic", "show", "--uuid", nic["id"])[0] == 2


def test_floating_addresses_are_allocated_listed_and_released(
    netstack: Netstack, tool: Tool
) -> None:
    project, pool = netstack.new_project(), netstack.pool()
    [known] = tool.rows("floating", "pools")
    assert (known["pool"], known["block"]) == (pool, pool)
    [lent] = tool.rows("floating", "allocate", "--project", project, "--pool", pool)
    assert tool.rows("floating", "list", "--project", project) == [lent]
    assert tool.rows("floating", "list", "--pool", "other") == []
    where = ("--address", lent["address"])
    assert tool.does("floating", "release", *where) == f"{lent['address']} is released"
    code, error = tool.refuses("floating", "release", *where)
    assert code == 2 and lent["address"] in error


def test_a_router_that_floating_addresses_need_is_not_taken_away(
    netstack: Netstack, tool: Tool
) -> None:
    project, pool = netstack.new_project(), netstack.pool()
    network = netstack.network(project)
    [nic_id] = netstack.nics(project, network)
    [lent] = tool.rows("floating", "allocate", "--project", project, "--pool", pool)
    path = f"/floating_ips/{lent['address']}/association"
    netstack.put(path, {"association": {"virtual_nic_id": nic_id}})
    words = ("network", "modify", "--uuid", network["id"], "--no-router")
    code, error = tool.refuses(*words)
    assert code == 1 and network["id"] in error and lent["address"] in error
    netstack.delete(path)
    [changed] = tool.rows(*words)
    assert changed["routed"] is False


def test_shared_addresses_from_their_allocation_to_their_release(
    netstack: Netstack, tool: Tool
) -> None:
    project = netstack.new_project()
    network = netstack.network(project)
    *pair, third = netstack.nics(project, network, 3)
    on = ("--network", network["id"])
    sharers = [word for nic_id in pair for word in ("--nic", nic_id)]
    [shared] = tool.rows("address", "allocate", *on, "--project", project, *sharers)
    address = shared["address"]
    assert (shared["virtual_nic_ids"], shared["project_id"]) == (sorted(pair), project)
    assert tool.rows("address", "list", "--project", project) == [shared]
    assert tool.rows("address", "list", *on, "--project", "other") == []

    which = ("--address", address)
    tool.does("address", "allow", "--nic", third, *which)
    assert address in netstack.pairs(third)
    [listed] = tool.rows("address", "list", *on)
    assert listed["virtual_nic_ids"] == sorted([*pair, third])
    tool.does("address", "forbid", "--nic", third, *which)
    assert address not in netstack.pairs(third)

    code, error = tool.refuses("address", "hold", *on, *which, "--nic", third)
    assert code == 1 and third in error
    tool.does("address", "hold", *on, *which, "--nic", pair[1])
    assert {"field": "holder", "value": pair[1]} in tool.rows("address", "show", *on, *which)
    tool.does("address", "resign", *on, *which)
    assert {"field": "holder", "value": None} in tool.rows("address", "show", *on, *which)

    assert tool.does("address", "release", *on, *which) == f"{address} is released"
    assert all(address not in netstack.pairs(nic_id) for nic_id in pair)
    assert tool.rows("address", "list") == []
    code, error = tool.refuses("address", "release", *on, *which)
    assert code == 2 and address in error


def test_a_shared_address_that_cannot_be_is_refused_and_leaves_nothing(
    netstack: Netstack, tool: Tool
) -> None:
    project = netstack.new_project()
    network = netstack.network(project)
    [nic_id] = netstack.nics(project, network)
    asked = ("--network", network["id"], "--project", project, "--nic", nic_id)
    for wrong, named in (
        (("--address", "10.9.0.1"), "10.1.0.0/24"),
        (("--address", "10.1.0"), "10.1.0"),
        (("--version", "5"), "5 is not one of 4, 6"),
        (("--version", "6"), network["id"]),
        (("--nic", nic_id), "twice"),
        (("--nic", "nobody"), "nobody"),
    ):
        _, error = tool.refuses("address", "allocate", *asked, *wrong)
        assert named in error and "\n" not in error
    assert tool.rows("address", "list") == []
    assert len(netstack.pairs(nic_id)) == 1


def test_reconciling_says_what_it_changed(netstack: Netstack, tool: Tool) -> None:
    network = netstack.network(netstack.new_project())
    project = network["project_id"]
    assert tool.rows("reconcile") == []
    netstack.ipam.ip_blocks.create(project, "10.7.0.0/24", network_id=network["id"])
    assert any(network["id"] in row["changed"] for row in tool.rows("reconcile"))
    netstack.ipam.ip_blocks.create(project, "10.8.0.0/24", network_id=network["id"])
    assert any(network["id"] in row["changed"] for row in tool.rows("reconcile", "--logged"))


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("network", "create", "--label", "x", "--fixed_range_v4", "10.0.0.0/33"), "10.0.0.0/33"),
        (("network", "create", "--label", "x", "--gateway", "10.0.0.1"), "--gateway"),
        (("network", "modify", "--uuid", "nobody"), "say what to change"),
        (
            ("network", "modify", "--uuid", "n", "--host", "h", "--disassociate-host"),
            "--disassociate-host",
        ),
        (("network", "show", "--uuid", "nobody"), "nobody"),
        (("floating", "allocate", "--project", "p1", "--pool", "nobody"), "nobody"),
        (("floating", "allocate", "--project", "p1", "--address", "10.1"), "10.1"),
        (("floating", "release", "--address", "nonsense"), "nonsense"),
        (("address", "list", "--network", "nobody"), "nobody"),
        (("address", "release", "--network", "nobody", "--address", "10.0.0.9"), "nobody"),
        (("address", "allow", "--nic", "nobody", "--address", "10.0.0.9"), "nobody"),
        (("address", "forbid", "--nic", "nobody", "--address", "nonsense"), "nonsense"),
    ],
)
def test_what_cannot_be_is_one_line(
    standing: Netstack, standing_directory: Path, capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...], named: str,
) -> None:  # fmt: skip
    tool = Tool(standing_directory / "nova-netplugins.conf", "netstack", capsys)
    _, error = tool.refuses(*words)
    assert error.startswith("error: ") and named in error and "\n" not in error
