"""What netstack's net-agent makes of a host, without a kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from netkit.errors import Unavailable
from nova_netplugins.host.errors import HostError
from nova_netplugins.host.fake_host import FakeHost
from nova_netplugins.host.kernel import EVERYBODY, Remote, Vxlan
from tests.dataplane.netstack_wire import Compute, WiredCloud, configured


@pytest.fixture
def cloud() -> WiredCloud:
    return WiredCloud()


@pytest.fixture
def host() -> FakeHost:
    host = FakeHost()
    host.links.ensure_bridge("eth0", "test")
    host.addresses.ensure_address("eth0", "192.0.2.1/24")
    host.links.set_mtu("eth0", 9000)
    return host


def compute_of(cloud: WiredCloud, host: FakeHost, directory: Path, **options: Any) -> Compute:
    def make_netns(name: str) -> str:
        host.ensure_netns(name)
        return name

    wanted = {"tunnel_address": "192.0.2.1", **options}
    return Compute(cloud, "host1", host, configured(directory, **wanted), make_netns)


@pytest.fixture
def compute(cloud: WiredCloud, host: FakeHost, tmp_path: Path) -> Compute:
    return compute_of(cloud, host, tmp_path)


def tap(compute: Compute, cloud: WiredCloud, *addresses: str, **network: Any) -> str:
    """A NIC whose tap is there, on a network of its own."""
    nic_id = cloud.nic(cloud.network(**{"segment": 5, **network}), "host1", *addresses)
    compute.host.links.ensure_tap(cloud.nics[nic_id].device, "hypervisor")
    return nic_id


def mtu_of(compute: Compute, name: str) -> int:
    link = compute.host.links.get(name)
    assert link is not None
    return link.mtu


def test_a_network_is_a_bridge_and_a_vxlan_device_of_its_segment(
    cloud: WiredCloud, compute: Compute
) -> None:
    compute.plug(tap(compute, cloud, segment=16777215))
    device = compute.host.links.get("vxlan16777215")
    assert device is not None
    assert device.vxlan == Vxlan(16777215, "192.0.2.1", 4789)
    assert device.master == "br-vx16777215"


def test_the_host_itself_takes_no_part_in_a_network(
    cloud: WiredCloud, host: FakeHost, compute: Compute
) -> None:
    compute.plug(tap(compute, cloud))
    for link in ("br-vx5", "vxlan5"):
        assert host.get_sysctl(f"net/ipv6/conf/{link}/disable_ipv6") == "1"


def test_frames_are_as_long_as_the_tunnel_takes_unless_the_network_says(
    cloud: WiredCloud, compute: Compute
) -> None:
    ids = [tap(compute, cloud, segment=5), tap(compute, cloud, segment=6, mtu=1400)]
    for nic_id, mtu in zip(ids, (8950, 1400), strict=True):
        compute.plug(nic_id)
        assert mtu_of(compute, cloud.nics[nic_id].device) == mtu
    assert [mtu_of(compute, name) for name in ("vxlan5", "br-vx5")] == [8950, 8950]
    assert [mtu_of(compute, name) for name in ("vxlan6", "br-vx6")] == [1400, 1400]


def test_one_host_alone_may_have_its_tunnels_on_the_loopback(
    cloud: WiredCloud, host: FakeHost, tmp_path: Path
) -> None:
    compute = compute_of(cloud, host, tmp_path, tunnel_address="127.0.0.1")
    compute.plug(tap(compute, cloud))
    assert mtu_of(compute, "vxlan5") == 1450


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("192.0.2.77", "no link of this host has its tunnel address 192.0.2.77"),
        ("host1", "tunnel_address is 'host1', which is no IPv4 or IPv6 address"),
    ],
)
def test_a_tunnel_address_that_is_not_the_hosts_is_refused(
    cloud: WiredCloud, host: FakeHost, tmp_path: Path, address: str, message: str
) -> None:
    compute = compute_of(cloud, host, tmp_path, tunnel_address=address)
    nic_id = tap(compute, cloud)
    with pytest.raises(HostError, match=message):
        compute.plug(nic_id)
    # What else there is on the host is looked after all the same.
    assert compute.agent.check() == []


def test_a_host_tells_its_tunnel_address_before_its_first_network(
    cloud: WiredCloud, compute: Compute
) -> None:
    compute.agent.check()
    assert cloud.told.tunnels == {}
    compute.plug(tap(compute, cloud))
    assert cloud.told.tunnels == {"host1": "192.0.2.1"}


def test_while_net_api_is_away_taps_are_plugged_all_the_same(
    cloud: WiredCloud, compute: Compute
) -> None:
    cloud.told.refusing = Unavailable("net-api does not answer")
    compute.plug(tap(compute, cloud))
    compute.agent.check()
    assert compute.host.links.exists("vxlan5")
    cloud.told.refusing = None
    compute.agent.check()
    assert cloud.told.tunnels == {"host1": "192.0.2.1"}


def test_a_host_floods_to_the_others_only_and_only_where_it_can(
    cloud: WiredCloud, host: FakeHost, compute: Compute
) -> None:
    nic_id = tap(compute, cloud)
    network = str(cloud.nics[nic_id].network_id)
    for other, address in (("host2", "192.0.2.2"), ("host3", "2001:db8::3")):
        cloud.nic(network, other, "10.0.0.1")
        cloud.told.tunnels[other] = address
    compute.plug(nic_id)
    assert host.kernel.remotes("vxlan5") == {Remote(EVERYBODY, "192.0.2.2")}


def test_a_host_with_a_new_tunnel_address_moves_its_networks_there(
    cloud: WiredCloud, host: FakeHost, compute: Compute, tmp_path: Path
) -> None:
    nic_id = tap(compute, cloud)
    compute.plug(nic_id)
    host.addresses.ensure_address("eth0", "192.0.2.9/24")
    moved = compute_of(cloud, host, tmp_path, tunnel_address="192.0.2.9", vxlan_port=8472)
    network = cloud.nics[nic_id].network_id
    assert moved.agent.check() == [f"put the tunnels of network {network} right"]
    # By now net-api counts the former address among those of other hosts no more.
    moved.agent.check()
    assert moved.agent.check() == []
    assert host.kernel.remotes("vxlan5") == set()
    device = host.links.get("vxlan5")
    assert device is not None
    assert (device.vxlan, device.master) == (Vxlan(5, "192.0.2.9", 8472), "br-vx5")
    assert cloud.told.tunnels == {"host1": "192.0.2.9"}


def test_the_net_service_is_asked_only_where_there_is_dhcp(
    cloud: WiredCloud, compute: Compute
) -> None:
    silent, served = tap(compute, cloud, segment=5), tap(compute, cloud, segment=6, dhcp=True)
    for nic_id in (silent, served):
        compute.plug(nic_id)
    assert cloud.told.served == [(cloud.nics[served].network_id, served)]


def test_a_device_that_lost_its_bridge_goes_when_nobody_needs_it(
    cloud: WiredCloud, host: FakeHost, compute: Compute
) -> None:
    owner = "netstack segment"
    host.links.ensure_vxlan("vxlan5", 5, "192.0.2.1", owner)
    host.links.ensure_vxlan("vxlan6", 6, "192.0.2.1", "somebody else of us")
    compute.agent.check()
    assert not host.links.exists("vxlan5")
    assert host.links.exists("vxlan6")


def test_a_segment_that_is_no_tag_is_refused(
    cloud: WiredCloud, host: FakeHost, tmp_path: Path
) -> None:
    compute = compute_of(cloud, host, tmp_path, interface_driver="openvswitch")
    with pytest.raises(HostError, match="segment 4095 cannot be a VLAN tag .* last_segment"):
        compute.plug(tap(compute, cloud, segment=4095))


def test_one_nic_that_cannot_be_plugged_does_not_hinder_the_others(
    cloud: WiredCloud, host: FakeHost, tmp_path: Path
) -> None:
    compute = compute_of(cloud, host, tmp_path, interface_driver="openvswitch")
    good = tap(compute, cloud, segment=5)
    compute.plug(good)
    bad = cloud.nic(cloud.network(4095), "host1")
    host.links.ensure_tap(cloud.nics[bad].device, "hypervisor")
    cloud.report(bad, "ACTIVE")
    host.switch.remove_port(cloud.nics[good].device)
    assert compute.agent.check() == [f"plugged {cloud.nics[good].device} again"]


def test_a_port_of_neutron_is_told_to_its_agent_as_novas_own_are(
    cloud: WiredCloud, host: FakeHost, compute: Compute
) -> None:
    host.switch.ensure_ovs_bridge("br-int", "neutron", "netdev")
    nic_id = tap(compute, cloud, "10.0.0.1", l2_driver="quantum", mtu=1442)
    compute.plug(nic_id)
    nic = cloud.nics[nic_id]
    assert host.switch.external_ids[nic.device] == {
        "iface-id": nic.attributes["port_id"],
        "iface-status": "active",
        "attached-mac": nic.mac_address,
        "vm-uuid": nic.instance_id,
    }
    assert mtu_of(compute, nic.device) == 1442
    assert nic.device not in host.nft.dump()
    assert cloud.told.tunnels == {}


def test_without_the_bridge_of_neutrons_agent_the_error_names_it(
    cloud: WiredCloud, compute: Compute
) -> None:
    with pytest.raises(HostError, match="no Open vSwitch bridge br-int"):
        compute.plug(tap(compute, cloud, l2_driver="quantum"))


def guarded(compute: Compute, host: FakeHost, cloud: WiredCloud, nic_id: str) -> list[str]:
    """The lines of the rules that name the NIC's tap."""
    compute.plug(nic_id)
    return [line for line in host.nft.dump().splitlines() if cloud.nics[nic_id].device in line]


def test_a_nic_that_lost_its_addresses_may_not_use_just_any(
    cloud: WiredCloud, host: FakeHost, compute: Compute
) -> None:
    pure, lost = tap(compute, cloud, segment=5), tap(compute, cloud, segment=6)
    cloud.change(lost, port_security=True)
    free = "\n".join(guarded(compute, host, cloud, pure))
    bound = "\n".join(guarded(compute, host, cloud, lost))
    assert "fa:16:3e" in free and "fe80::" not in free
    assert "fe80::" in bound
