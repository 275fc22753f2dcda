"""Taps in Open vSwitch pass the frames that taps in a Linux bridge pass, and no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nova_netplugins.host.antispoof import GuardedNic
from nova_netplugins.host.antispoof_flows import antispoof_flows
from nova_netplugins.host.driver import Host, LinuxHost, SwitchPort
from nova_netplugins.host.fake_host import FakeHost
from tests.dataplane import openvswitch
from tests.dataplane.test_antispoof import ALLOWED, ETHERTYPE_TEST, MAC, OWN, REFUSED, Wire
from tests.dataplane.topology import Namespaces, capturing

Guard = Callable[..., None]

BRIDGE = "br-int"
FLOWS = antispoof_flows([OWN], {"tap0": 1})


@pytest.fixture(params=["fake", pytest.param("linux", marks=pytest.mark.root)])
def host(request: pytest.FixtureRequest) -> Host:
    found: Host = FakeHost() if request.param == "fake" else request.getfixturevalue("switched")
    found.switch.ensure_ovs_bridge(BRIDGE, "test", "netdev")
    return found


def test_rules_are_made_once(host: Host) -> None:
    assert host.switch.converge_flows(BRIDGE, "vlan", FLOWS) is True
    assert host.switch.converge_flows(BRIDGE, "vlan", FLOWS) is False
    assert host.switch.converge_flows(BRIDGE, "vlan", FLOWS[1:]) is True
    assert host.switch.converge_flows(BRIDGE, "vlan", FLOWS[1:]) is False


def test_each_owner_has_rules_of_its_own(host: Host) -> None:
    other = antispoof_flows([OWN], {"tap0": 2})
    host.switch.converge_flows(BRIDGE, "vlan", FLOWS)
    host.switch.converge_flows(BRIDGE, "flat", other)
    assert host.switch.converge_flows(BRIDGE, "vlan", []) is True
    assert host.switch.converge_flows(BRIDGE, "flat", other) is False


def test_ports_have_numbers(host: Host) -> None:
    assert host.switch.numbers()[BRIDGE].get("tap0") is None
    host.links.ensure_veth("tap0", "far", "nic 1")
    host.attach("tap0", SwitchPort(BRIDGE), "nic 1")
    assert host.switch.numbers()[BRIDGE]["tap0"] > 0


def test_a_nic_whose_tap_is_no_port_has_no_rules() -> None:
    assert antispoof_flows([OWN], {}) == []


@pytest.fixture
def wire(switched: LinuxHost, namespaces: Namespaces) -> Iterator[Wire]:
    """From tap0 to tap1; its own frames, which tell that nothing more will come, always pass."""
    switched.switch.ensure_ovs_bridge(BRIDGE, "test", "netdev")
    ends = [namespaces.make(name) for name in ("sender", "receiver")]
    for tap, netns in zip(("tap0", "tap1"), ends, strict=True):
        switched.links.ensure_veth(tap, "eth0", "test", peer_netns=netns)
        switched.attach(tap, SwitchPort(BRIDGE), "test")
    marker = f"priority=5000,dl_type={ETHERTYPE_TEST:#x},actions=NORMAL"
    switched.switch.converge_flows(BRIDGE, "marker", [marker])
    wire = Wire(*ends)
    yield wire
    wire.close()


@pytest.fixture
def guard(switched: LinuxHost, tmp_path: Path) -> Guard:
    """Guards NICs, and returns when that holds for frames such as went before, too."""

    def converge(*nics: GuardedNic) -> None:
        numbers = switched.switch.numbers()[BRIDGE]
        switched.switch.converge_flows(BRIDGE, "vlan", antispoof_flows(nics, numbers))
        openvswitch.revalidated(tmp_path)

    return converge


@pytest.mark.root
def test_only_what_is_its_own_passes(guard: Guard, wire: Wire) -> None:
    guard(OWN)
    assert [name for name, frame in ALLOWED.items() if not wire.passes(frame)] == []
    assert [name for name, frame in REFUSED.items() if wire.passes(frame)] == []
    guard()
    assert all(wire.passes(frame) for frame in REFUSED.values())


@pytest.mark.root
def test_a_nic_without_addresses_is_checked_for_its_mac_only(guard: Guard, wire: Wire) -> None:
    guard(GuardedNic("tap0", MAC))
    assert wire.passes(REFUSED["IPv4 of another"])
    assert not wire.passes(REFUSED["MAC of another"])


@pytest.mark.root
def test_no_vlan_tag_passes(guard: Guard, wire: Wire, namespaces: Namespaces) -> None:
    own = ALLOWED["own ARP request"]
    tagged = own[:12] + bytes.fromhex("81000064") + own[12:]
    expression = f"ether proto {ETHERTYPE_TEST:#x} or vlan 100"
    with capturing(namespaces.make("receiver"), "eth0", expression) as first_line:
        wire.passes(tagged)
        assert "vlan 100" in first_line()
    guard(OWN)
    with capturing(namespaces.make("receiver"), "eth0", expression) as first_line:
        wire.passes(tagged)
        assert "vlan 100" not in first_line()
