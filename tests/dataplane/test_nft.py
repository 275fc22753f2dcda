"""nftables as data: the fake and the kernel agree."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nova_netplugins.host.antispoof import AllowedPair, GuardedNic, antispoof_table
from nova_netplugins.host.driver import Host, LinuxHost
from nova_netplugins.host.errors import AlreadyExists, HostError, NotFound
from nova_netplugins.host.fake_host import FakeHost
from nova_netplugins.host.nft import Chain, Collection, Hook, Key, Table, Transaction
from nova_netplugins.host.ruleset_host import HostRules, host_table
from nova_netplugins.host.ruleset_router import RouterRules, router_table
from tests.dataplane.topology import shell

NIC = GuardedNic("tap0", "02:00:00:00:00:01", ["10.0.0.2", "fd00::2"], [AllowedPair("10.1.0.0/16")])
TABLES = {
    "router": router_table(
        RouterRules(
            "router 1", "gw-1", "up-1", ["10.0.0.0/24"], "100.64.0.1", {"192.0.2.5": "10.0.0.2"}
        )
    ),
    "host": host_table(HostRules("host", "eth0", "100.64.0.0/16", "192.0.2.1", ["10.9.0.0/16"])),
    "isolated host": host_table(HostRules("host", None, "100.64.0.0/16")),
    "antispoof": antispoof_table([NIC, GuardedNic("3com:1", "02:00:00:00:00:02")]),
}


def table(**elements: str) -> Table:
    keys: dict[Key, str | None] = {
        (key.replace("_", ".").lstrip("a"),): value for key, value in elements.items()
    }
    chain = Chain("pre", ["dnat ip to ip daddr map @m"], Hook("nat", "prerouting", -100))
    return Table("inet", "owner", [chain], [Collection("m", ["ipv4_addr"], keys, "ipv4_addr")])


def elements(host: Host) -> dict[Key, str | None]:
    return host.nft.elements("inet", "m")


@pytest.mark.parametrize("name", TABLES)
def test_a_table_reads_back_as_it_was_described(host: Host, name: str) -> None:
    wanted = TABLES[name]
    assert host.nft.converge(wanted) is True
    assert host.nft.read(wanted.family) == wanted.state()
    assert host.nft.converge(wanted) is False


def test_only_elements_are_changed_where_only_they_differ(host: Host) -> None:
    host.nft.converge(table(a1_1_1_1="10.0.0.1", a2_2_2_2="10.0.0.2"))
    assert host.nft.converge(table(a2_2_2_2="10.0.0.9", a3_3_3_3="10.0.0.3")) is True
    assert elements(host) == {("2.2.2.2",): "10.0.0.9", ("3.3.3.3",): "10.0.0.3"}


def test_another_owner_or_rule_makes_the_table_anew(host: Host) -> None:
    host.nft.converge(table(a1_1_1_1="10.0.0.1"))
    assert host.nft.converge(replace(table(a1_1_1_1="10.0.0.1"), owner="another")) is True


def test_elements_come_and_go_together_or_not_at_all(host: Host) -> None:
    host.nft.converge(table(a1_1_1_1="10.0.0.1"))
    wrong = Transaction()
    wrong.add_elements("inet", "m", {("2.2.2.2",): "10.0.0.2"})
    wrong.delete_elements("inet", "m", [("9.9.9.9",)])
    with pytest.raises(NotFound, match="9.9.9.9"):
        host.nft.apply(wrong)
    assert elements(host) == {("1.1.1.1",): "10.0.0.1"}


def test_adding_an_equal_element_is_fine_and_another_value_is_refused(host: Host) -> None:
    host.nft.converge(table(a1_1_1_1="10.0.0.1"))
    same, other = Transaction(), Transaction()
    same.add_elements("inet", "m", {("1.1.1.1",): "10.0.0.1"})
    other.add_elements("inet", "m", {("1.1.1.1",): "10.0.0.2"})
    host.nft.apply(same)
    with pytest.raises(AlreadyExists, match="1.1.1.1"):
        host.nft.apply(other)


def test_removing_a_table_twice_is_fine(host: Host) -> None:
    host.nft.converge(table())
    for _ in range(2):
        host.nft.remove("inet")
    assert host.nft.read("inet") is None
    with pytest.raises(NotFound):
        host.nft.elements("inet", "m")


def test_addresses_that_overlap_are_one_element(host: Host) -> None:
    pair = AllowedPair("10.0.0.0/24", "02:00:00:00:00:01")
    host.nft.converge(antispoof_table([replace(NIC, pairs=[pair])]))
    assert host.nft.elements("bridge", "allowed4") == {
        ('"tap0"', "02:00:00:00:00:01", "10.0.0.0/24"): None
    }


def test_the_fake_dumps_what_nft_would_be_told() -> None:
    host = FakeHost()
    host.nft.converge(table(a1_1_1_1="10.0.0.1"))
    assert (
        host.nft.dump()
        == """table inet nova_netplugins {
  map m {
    type ipv4_addr : ipv4_addr;
    elements = { 1.1.1.1 : 10.0.0.1 };
  }
  chain pre {
    type nat hook prerouting priority -100; policy accept;
    dnat ip to ip daddr map @m comment "owner ccc51af0"
  }
}
"""
    )


@pytest.mark.root
def test_a_rule_that_nft_does_not_understand_is_shown(linux: LinuxHost) -> None:
    with pytest.raises(HostError, match=r"\(ip nonsense comment .*syntax error"):
        linux.nft.converge(Table("inet", "owner", [Chain("c", ["ip nonsense"])]))


@pytest.mark.root
@pytest.mark.parametrize(
    "damage",
    [
        "flush chain inet nova_netplugins pre",
        "add rule inet nova_netplugins pre drop",
        "add chain inet nova_netplugins mine",
        "delete table inet nova_netplugins",
        "flush map inet nova_netplugins m",
    ],
)
def test_what_somebody_changed_by_hand_is_repaired(linux: LinuxHost, damage: str) -> None:
    wanted = table(a1_1_1_1="10.0.0.1")
    linux.nft.converge(wanted)
    shell(linux.netns or "", f"nft {damage}")
    assert linux.nft.converge(wanted) is True
    assert linux.nft.read("inet") == wanted.state()


@pytest.mark.root
def test_tables_of_others_are_left_alone(linux: LinuxHost) -> None:
    shell(linux.netns or "", "nft add table inet filter; nft add chain inet filter mine")
    linux.nft.converge(table())
    linux.nft.remove("inet")
    assert "chain mine" in shell(linux.netns or "", "nft list ruleset")
