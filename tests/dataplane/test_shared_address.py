"""Hosts on one wire that all have the gateway's address: each serves its own instances."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_netplugins import conf as configuration
from nova_netplugins import flat_dhcp, vlan
from nova_netplugins.ethernet.segment_wiring import SegmentWiring
from nova_netplugins.host.driver import LinuxHost
from nova_netplugins.host.errors import HostError
from nova_netplugins.host.fake_host import FakeHost
from nova_netplugins.host.shared_gateway import SharedGateway, shared_gateway_table, table_name
from tests.dataplane import cloud as clouds
from tests.dataplane.cloud import PATIENCE, Cloud
from tests.dataplane.topology import Namespaces, capturing, instance, reaches, shell
from tests.eventually import eventually

WIRE = "eth1"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with clouds.prepared(hosts=2) as cloud:
        first, second = (node.machine.netns for node in cloud.nodes)
        shell(first, f"ip link add {WIRE} type veth peer name {WIRE} netns {second}")
        cloud.start()
        yield cloud


def rules(cloud: Cloud) -> list[str]:
    """The tables of shared gateways, of all hosts."""
    tables = [node.machine.run("nft", "list", "tables", "bridge") for node in cloud.nodes]
    return [line for listed in tables for line in listed.splitlines() if "_shared_" in line]


@pytest.mark.root
def test_instances_find_the_gateway_of_their_own_host_and_each_other(cloud: Cloud) -> None:
    network = cloud.make_network(
        "flat_dhcp",
        cidr="10.0.1.0/24",
        multi_host=True,
        share_address=True,
        bridge="br1",
        bridge_interface=WIRE,
    )
    gateway = network["gateway"]
    pair = [cloud.boot(f"on-{node.name}", "flat_dhcp", network, node=node) for node in cloud.nodes]
    crossing = f"(arp host {gateway} or port 67 or port 68 or icmp and host {pair[1].address})"
    with capturing(cloud.nodes[1].machine.netns, WIRE, crossing) as first_crossing:
        for guest, node in zip(pair, cloud.nodes, strict=True):
            lease = guest.ask_dhcp()
            assert (lease["ip"], lease["serverid"]) == (guest.address, gateway)
            assert cloud.source_of(guest) == cloud.address_of(node)
        # All the time nothing crossed the wire, until the last of these.
        assert reaches(pair[0].netns, gateway)
        assert reaches(pair[0].netns, pair[1].address)
        assert f"{pair[0].address} > {pair[1].address}" in first_crossing()

    assert len(rules(cloud)) == 2
    for guest in pair:
        cloud.api.delete(f"/flat_dhcp/virtual_nics/{guest.nics[0]['id']}")
    eventually(lambda: not rules(cloud), "the rules go with the network", PATIENCE)


MAC, ADDRESS = "02:00:00:00:00:fe", "10.0.0.1"


@pytest.mark.root
def test_a_host_that_shouts_the_gateways_address_is_not_heard(
    linux: LinuxHost, namespaces: Namespaces
) -> None:
    """Here is this host's router, and beyond the wire another host that keeps nothing back."""
    linux.links.ensure_bridge("br1", "test")
    router, other, netns = (namespaces.make(name) for name in ("router", "other", "instance"))
    for near, far in (("gx", router), (WIRE, other)):
        linux.links.ensure_veth(near, "gw", "test", peer_netns=far, peer_mac=MAC)
        linux.inside(far).addresses.ensure_address("gw", f"{ADDRESS}/24")
    instance(linux, netns, "tap0", "10.0.0.2/24", ADDRESS)
    for port in ("gx", WIRE, "tap0"):
        linux.links.ensure_port("br1", port)
    gateway = SharedGateway("0123456789a-bc", WIRE, MAC, ADDRESS)
    assert linux.nft.converge(shared_gateway_table(gateway))
    assert not linux.nft.converge(shared_gateway_table(gateway))

    with capturing(other, "gw", "src host 10.0.0.2") as at_other:
        assert reaches(netns, ADDRESS)
        linux.inside(other).send_gratuitous_arp("gw", [ADDRESS], 3)
        assert reaches(netns, ADDRESS)
        assert f"{MAC} dev gx " in shell(linux.netns or "", "bridge fdb show br br1")
        # The rules were what kept it from the other: without them, the last to shout is heard.
        linux.nft.remove("bridge", table_name(gateway.network_id))

        def other_is_heard() -> bool:
            # The router shouts too, as it pleases (MLD, its neighbours): the last one counts.
            linux.inside(other).send_gratuitous_arp("gw", [ADDRESS], 3)
            return f"{MAC} dev {WIRE} " in shell(linux.netns or "", "bridge fdb show br br1")

        eventually(other_is_heard, "the other host is heard", PATIENCE)
        reaches(netns, "10.0.0.77")
        assert "10.0.0.77" in at_other()


def test_open_vswitch_and_a_shared_address_are_refused_together(tmp_path: Path) -> None:
    conf = configuration.load([f"--config-dir={tmp_path}"])
    conf.register_opts(flat_dhcp.OPTS, group="flat_dhcp")
    conf.set_override("interface_driver", "openvswitch", group="flat_dhcp")
    wiring = SegmentWiring(flat_dhcp.TRAITS.name, conf, FakeHost())
    network = {"id": "net-1", "bridge": "br1", "bridge_interface": "eth1", "vlan": None}
    with pytest.raises(HostError, match="net-1 has share_address, which needs .*linuxbridge"):
        wiring.keep_gateway_apart(network, MAC, ADDRESS)


def test_the_uplink_of_a_vlan_is_its_device(tmp_path: Path) -> None:
    conf = configuration.load([f"--config-dir={tmp_path}"])
    conf.register_opts(vlan.OPTS, group="vlan")
    host = FakeHost()
    wiring = SegmentWiring(vlan.TRAITS.name, conf, host)
    network = {"id": "net-1", "bridge": "br100", "bridge_interface": "eth1", "vlan": 100}
    wiring.keep_gateway_apart(network, MAC, ADDRESS)
    assert f'oifname "vlan100" ether type arp arp daddr ip {ADDRESS} drop' in host.nft.dump()
    wiring.forget_gateway("net-1")
    wiring.keep_gateway_apart({**network, "bridge_interface": ""}, MAC, ADDRESS)
    assert host.nft.dump() == ""
