"""Links: what a host has after each verb, said once or twice."""

from __future__ import annotations

import pytest
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

from nova_netplugins.host.driver import Host, LinuxHost
from nova_netplugins.host.errors import AlreadyExists, HostError, NotFound, NotSupported
from nova_netplugins.host.fake_host import FakeHost
from nova_netplugins.host.fake_kernel import FakeKernel
from nova_netplugins.host.kernel import EVERYBODY, LinkChange, NewLink, Remote, Vxlan
from nova_netplugins.host.links import Links
from nova_netplugins.host.netlink import NetlinkKernel
from nova_netplugins.host.netlink_messages import creation_messages
from tests.dataplane.topology import Namespaces, shell


@pytest.fixture
def other(host: Host, request: pytest.FixtureRequest) -> Host:
    """Another namespace of the same host."""
    if isinstance(host, FakeHost):
        host.ensure_netns("other")
        return host.inside("other")
    namespaces: Namespaces = request.getfixturevalue("namespaces")
    return host.inside(namespaces.make("other"))


def foreign_bridge(host: Host, name: str) -> None:
    kernel = host.kernel if isinstance(host, FakeHost) else NetlinkKernel(host.netns)
    kernel.create_link(NewLink(name, "bridge", "made by the operator"))


def test_a_bridge_is_up_with_the_mtu_and_mac_asked_for(host: Host) -> None:
    for _ in range(2):
        host.links.ensure_bridge("br0", "net 1", mtu=1400, mac="02:00:00:00:00:AA")
    bridge = host.links.get("br0")
    assert bridge is not None
    assert (bridge.up, bridge.mtu, bridge.mac) == (True, 1400, "02:00:00:00:00:aa")
    assert host.links.owned() == {"br0": "net 1"}


def test_a_bridge_of_somebody_else_is_used_and_never_deleted(host: Host) -> None:
    foreign_bridge(host, "br100")
    host.links.ensure_bridge("br100", "net 1", mtu=1400)
    host.links.ensure_tap("tap0", "nic 1")
    host.links.ensure_port("br100", "tap0")
    assert host.links.delete("br100") is False
    bridge = host.links.get("br100")
    assert bridge is not None and bridge.owner is None and bridge.up


def test_a_name_that_is_no_bridge_is_refused(host: Host) -> None:
    host.links.ensure_tap("thing", "nic 1")
    with pytest.raises(AlreadyExists, match="thing is a tap link, wanted a bridge"):
        host.links.ensure_bridge("thing", "net 1")


@pytest.mark.parametrize("name", ["b" * 16, "", "br/0", "br 0", "br:0"])
def test_a_name_that_no_link_can_have_is_refused(host: Host, name: str) -> None:
    with pytest.raises(HostError, match="is no link name: 1 to 15 bytes"):
        host.links.ensure_bridge(name, "net 1")
    with pytest.raises(HostError, match="is no link name: 1 to 15 bytes"):
        host.links.ensure_veth("out", name, "net 1")


def test_a_port_stays_in_its_bridge_and_is_not_stolen(host: Host) -> None:
    host.links.ensure_bridge("br0", "net 1")
    host.links.ensure_bridge("br1", "net 2")
    host.links.ensure_tap("tap0", "nic 1")
    for _ in range(2):
        host.links.ensure_port("br0", "tap0")
    with pytest.raises(AlreadyExists, match="tap0 is a port of br0, wanted in br1"):
        host.links.ensure_port("br1", "tap0")
    for _ in range(2):
        host.links.release_port("tap0")
    host.links.ensure_port("br1", "tap0")
    tap = host.links.get("tap0")
    assert tap is not None and tap.master == "br1"


def test_ports_of_what_is_not_there_are_refused(host: Host) -> None:
    host.links.ensure_tap("tap0", "nic 1")
    with pytest.raises(NotFound, match="br9"):
        host.links.ensure_port("br9", "tap0")
    with pytest.raises(NotFound, match="tap9"):
        host.links.ensure_port("br9", "tap9")
    host.links.release_port("tap9")


def test_a_veth_pair_reaches_into_a_namespace(host: Host, other: Host) -> None:
    for _ in range(2):
        host.links.ensure_veth(
            "out", "eth0", "nic 1", other.netns, mtu=1450, peer_mac="02:00:00:00:00:05"
        )
    near, far = host.links.get("out"), other.links.get("eth0")
    assert near is not None and far is not None
    assert (near.up, far.up, near.mtu, far.mtu) == (True, True, 1450, 1450)
    assert far.mac == "02:00:00:00:00:05"
    assert host.links.owned() == {"out": "nic 1"}
    assert other.links.owned() == {"eth0": "nic 1"}


def test_an_unchanged_veth_pair_is_not_made_anew(host: Host, other: Host) -> None:
    first = host.links.ensure_veth("out", "eth0", "nic 1", other.netns)
    assert host.links.ensure_veth("out", "eth0", "nic 1", other.netns) == first


def test_a_veth_pair_whose_far_end_is_elsewhere_is_made_anew(host: Host, other: Host) -> None:
    host.links.ensure_veth("out", "lost", "nic 1")
    host.links.ensure_veth("out", "eth0", "nic 1", other.netns)
    assert other.links.exists("eth0")
    assert not host.links.exists("lost")


def test_a_veth_pair_does_not_replace_a_link_of_somebody_else(host: Host) -> None:
    foreign_bridge(host, "out")
    with pytest.raises(AlreadyExists, match="out is a link that is not ours"):
        host.links.ensure_veth("out", "eth0", "nic 1")


def test_deleting_twice_is_fine_and_takes_the_far_end(host: Host, other: Host) -> None:
    host.links.ensure_veth("out", "eth0", "nic 1", other.netns)
    assert host.links.delete("out") is True
    assert host.links.delete("out") is False
    assert not other.links.exists("eth0")


def test_owned_links_are_listed_by_prefix(host: Host) -> None:
    host.links.ensure_tap("tap1", "nic 1")
    host.links.ensure_tap("tap2", "nic 2")
    host.links.ensure_bridge("br0", "net 1")
    foreign_bridge(host, "tapestry")
    assert host.links.owned("tap") == {"tap1": "nic 1", "tap2": "nic 2"}


def test_a_vlan_id_must_be_from_1_to_4094(host: Host) -> None:
    host.links.ensure_tap("trunk", "test")
    for vlan in (0, 4095, -1):
        with pytest.raises(HostError, match=f"VLAN id {vlan} is outside 1-4094"):
            host.links.ensure_vlan("trunk", vlan, "vlan0", "net 1")


def test_a_vlan_device_is_asked_of_the_kernel_as_8021q() -> None:
    new = NewLink("vlan100", "vlan", "nova-netplugins:net 1", parent="eth1", vlan=100)
    request, description = (ifinfmsg(data) for data in creation_messages(new, 7, None))
    request.decode()
    description.decode()
    assert request.get("IFLA_IFNAME") == "vlan100"
    assert request.get("IFLA_LINK") == 7
    info = request.get("IFLA_LINKINFO")
    assert info.get("IFLA_INFO_KIND") == "vlan"
    assert info.get("IFLA_INFO_DATA").get("IFLA_VLAN_ID") == 100
    assert description.get("IFLA_IFALIAS") == "nova-netplugins:net 1"


def test_a_vlan_device_on_a_fake_host_that_has_8021q() -> None:
    host = FakeHost()
    host.links.ensure_tap("trunk", "test")
    for _ in range(2):
        vlan = host.links.ensure_vlan("trunk", 100, "vlan100", "net 1", mtu=1400)
    assert (vlan.vlan, vlan.mtu, vlan.up, vlan.owner) == (100, 1400, True, "net 1")
    with pytest.raises(AlreadyExists, match="vlan100 is VLAN 100, wanted VLAN 200"):
        host.links.ensure_vlan("trunk", 200, "vlan100", "net 1")


def test_without_8021q_the_message_says_what_to_do() -> None:
    links = Links(FakeKernel(has_8021q=False))
    links.ensure_tap("trunk", "test")
    with pytest.raises(NotSupported, match="kernel has no 8021q"):
        links.ensure_vlan("trunk", 100, "vlan100", "net 1")


@pytest.mark.root
def test_a_real_vlan_device_or_a_clear_refusal(linux: LinuxHost) -> None:
    linux.links.ensure_veth("trunk", "far", "test")
    try:
        vlan = linux.links.ensure_vlan("trunk", 100, "vlan100", "net 1")
    except NotSupported as refused:
        assert "modprobe 8021q" in str(refused)
        assert not linux.links.exists("vlan100")
        pytest.skip(str(refused))
    assert vlan.vlan == 100
    assert linux.links.ensure_vlan("trunk", 100, "vlan100", "net 1") == vlan


@pytest.mark.root
def test_a_real_bridge_forwards_at_once_and_speaks_no_stp(linux: LinuxHost) -> None:
    linux.links.ensure_bridge("br0", "net 1")
    shown = shell(linux.netns or "", "ip -d link show br0")
    assert "forward_delay 0 " in shown and "stp_state 0 " in shown
    assert "alias nova-netplugins:net 1" in shown


def test_a_vxlan_device_is_up_and_made_once(host: Host) -> None:
    made = host.links.ensure_vxlan("vxlan7", 7, "192.0.2.1", "net 1", mtu=1400)
    assert (made.up, made.mtu, made.owner) == (True, 1400, "net 1")
    assert made.vxlan == Vxlan(7, "192.0.2.1", 4789)
    assert host.links.ensure_vxlan("vxlan7", 7, "192.0.2.1", "net 1", mtu=1400) == made
    assert host.links.get("vxlan7") == made
    assert made in host.links.links()


@pytest.mark.parametrize("local", ["192.0.2.2", "2001:db8::2"])
def test_a_vxlan_device_follows_the_address_of_its_host(host: Host, local: str) -> None:
    host.links.ensure_vxlan("vxlan7", 7, "192.0.2.1", "net 1")
    host.links.ensure_vxlan("vxlan7", 7, local, "net 1", port=8472)
    link = host.links.get("vxlan7")
    assert link is not None and link.vxlan == Vxlan(7, local, 8472)


def test_a_vxlan_identifier_is_used_once(host: Host) -> None:
    host.links.ensure_vxlan("vxlan7", 7, "192.0.2.1", "net 1")
    with pytest.raises(AlreadyExists, match="another link has identifier 7 on port 4789"):
        host.links.ensure_vxlan("vxlan8", 7, "192.0.2.1", "net 2")
    with pytest.raises(HostError, match="identifier 16777216 is outside 0-16777215"):
        host.links.ensure_vxlan("vxlan9", 1 << 24, "192.0.2.1", "net 2")
    with pytest.raises(HostError, match="'host1' is no IPv4 or IPv6 address"):
        host.links.ensure_vxlan("vxlan9", 9, "host1", "net 2")


def test_a_vxlan_device_of_somebody_else_is_left_alone(host: Host) -> None:
    kernel = host.kernel if isinstance(host, FakeHost) else NetlinkKernel(host.netns)
    theirs = Vxlan(7, "192.0.2.9", 4789)
    kernel.create_link(NewLink("vxlan7", "vxlan", "made by the operator", vxlan=theirs))
    with pytest.raises(AlreadyExists, match=r"vxlan7 is Vxlan\(vni=7, local='192.0.2.9'"):
        host.links.ensure_vxlan("vxlan7", 7, "192.0.2.1", "net 1")


def test_a_vxlan_device_floods_to_exactly_the_hosts_named(host: Host) -> None:
    host.links.ensure_vxlan("vxlan7", 7, "192.0.2.1", "net 1")
    host.links.ensure_vxlan("vxlan8", 8, "192.0.2.1", "net 2")
    assert host.links.ensure_flood("vxlan7", ["192.0.2.2", "192.0.2.3"]) is True
    assert host.links.ensure_flood("vxlan8", ["192.0.2.4"]) is True
    assert host.links.ensure_flood("vxlan7", ["192.0.2.3", "192.0.2.2"]) is False
    kernel = host.kernel if isinstance(host, FakeHost) else NetlinkKernel(host.netns)
    # As if learned from a frame that came from there.
    kernel.change_remotes("vxlan7", [Remote("02:00:00:00:00:0a", "192.0.2.2")], [])
    assert host.links.ensure_flood("vxlan7", ["192.0.2.3", "192.0.2.5"]) is True
    assert kernel.remotes("vxlan7") == {
        Remote(EVERYBODY, "192.0.2.3"),
        Remote(EVERYBODY, "192.0.2.5"),
    }
    assert host.links.ensure_flood("vxlan7", []) is True
    assert kernel.remotes("vxlan7") == set()
    assert kernel.remotes("vxlan8") == {Remote(EVERYBODY, "192.0.2.4")}


def test_a_vxlan_device_floods_to_hosts_with_ipv6(host: Host) -> None:
    host.links.ensure_vxlan("vxlan7", 7, "2001:db8::1", "net 1")
    assert host.links.ensure_flood("vxlan7", ["2001:DB8::2"]) is True
    assert host.links.ensure_flood("vxlan7", ["2001:db8:0::2"]) is False


def test_flooding_of_a_missing_device_is_refused(host: Host) -> None:
    with pytest.raises(NotFound, match="vxlan9"):
        host.links.ensure_flood("vxlan9", ["192.0.2.2"])


def test_a_link_is_found_by_its_address(host: Host) -> None:
    host.links.ensure_bridge("br0", "net 1", mtu=1400)
    for cidr in ("192.0.2.1/24", "2001:db8::1/64"):
        host.addresses.ensure_address("br0", cidr)
    for address in ("192.0.2.1", "2001:db8:0::1"):
        link = host.links.link_with(address)
        assert link is not None and (link.name, link.mtu) == ("br0", 1400)
    loopback = host.links.link_with("127.0.0.1")
    assert loopback is not None and loopback.name == "lo"
    assert host.links.link_with("192.0.2.2") is None


def test_the_links_of_a_missing_namespace_are_not_found(host: Host) -> None:
    with pytest.raises(NotFound, match="no network namespace nowhere"):
        host.inside("nowhere").links.exists("eth0")


def test_changes_of_a_missing_link_are_not_found(host: Host) -> None:
    with pytest.raises(NotFound, match="tap9"):
        host.links.set_up("tap9")
    with pytest.raises(NotFound, match="tap9"):
        host.links.set_mtu("tap9", 1400)


def test_a_kernel_changes_only_what_is_named(host: Host) -> None:
    host.links.ensure_tap("tap0", "nic 1", mtu=1300)
    kernel = host.kernel if isinstance(host, FakeHost) else NetlinkKernel(host.netns)
    kernel.change_link("tap0", LinkChange(up=False))
    kernel.change_link("tap0", LinkChange(name="tap1"))
    tap = host.links.get("tap1")
    assert tap is not None and (tap.mtu, tap.up, tap.owner) == (1300, False, "nic 1")
