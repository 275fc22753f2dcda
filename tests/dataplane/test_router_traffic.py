"""Packets through real routers: instances, two networks of one CIDR, and an internet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from nova_netplugins.host.driver import BridgePort, LinuxHost
from nova_netplugins.host.router import Names, Routers, RouterSpec, Transit
from nova_netplugins.host.ruleset_host import HostRules
from tests.dataplane.topology import (
    Namespaces,
    capturing,
    eventually,
    instance,
    is_cut_off,
    pinging,
    reaches,
    shell,
)

pytestmark = pytest.mark.root
INTERNET, HOST, FLOATING_RED, FLOATING_BLUE = "192.0.2.100", "192.0.2.1", "192.0.2.50", "192.0.2.51"


@dataclass
class Cloud:
    """A network host with networks red and blue, both 10.0.0.0/24, and instances .2 and .3."""

    host: LinuxHost
    routers: Routers
    internet: str
    red: RouterSpec
    blue: RouterSpec
    instances: dict[str, str]

    def lend(self, network: RouterSpec, floating: str, fixed: str) -> None:
        self.routers.ensure(replace(network, floating={floating: fixed}))

    def source_seen(self, name: str, address: str = INTERNET) -> str:
        """By which address the internet sees an instance that pings it."""
        with capturing(self.internet, "inet0", "icmp[0] == 8") as first:
            assert reaches(self.instances[name], address)
            # 12:00:00.0 <mac> > <mac>, ethertype IPv4 (0x0800), length 98: <source> > ...
            return first().split("length")[1].split(": ")[1].split(" > ")[0]


def network(host: LinuxHost, namespaces: Namespaces, name: str, transit: int) -> RouterSpec:
    bridge = f"br-{name}"
    host.links.ensure_bridge(bridge, "test")
    return RouterSpec(
        f"{name}-{os.getpid()}"[:11] + "-id",
        BridgePort(bridge),
        ("10.0.0.1/24",),
        Transit(f"100.64.0.{transit}/31", f"100.64.0.{transit + 1}/31"),
    )


@pytest.fixture
def cloud(linux: LinuxHost, namespaces: Namespaces) -> Iterator[Cloud]:
    internet = namespaces.make("inet")
    world = linux.inside(internet)
    linux.links.ensure_veth("public", "inet0", "test", peer_netns=internet)
    linux.addresses.ensure_address("public", f"{HOST}/24")
    world.addresses.ensure_address("inet0", f"{INTERNET}/24")
    routers = Routers(linux, HostRules("host", "public", "100.64.0.0/16", HOST))
    red = network(linux, namespaces, "red", 0)
    blue = network(linux, namespaces, "blue", 2)
    instances: dict[str, str] = {}
    for name in ("red2", "red3", "blue2", "blue3"):
        instances[name] = namespaces.make(name)
        instance(linux, instances[name], f"tap-{name}", f"10.0.0.{name[-1]}/24", "10.0.0.1")
        linux.links.ensure_port(f"br-{name[:-1]}", f"tap-{name}")
    routers.ensure_host()
    for spec in (red, blue):
        routers.ensure(spec)
    yield Cloud(linux, routers, internet, red, blue, instances)
    for spec in (red, blue):
        routers.remove(spec.network_id)


def test_instances_reach_gateway_neighbour_and_internet(cloud: Cloud) -> None:
    for address in ("10.0.0.1", "10.0.0.3", INTERNET):
        assert reaches(cloud.instances["red2"], address)
    assert cloud.source_seen("red2") == HOST
    assert cloud.source_seen("blue2") == HOST


def test_a_floating_ip_leads_in_and_is_the_source_out(cloud: Cloud) -> None:
    cloud.lend(cloud.red, FLOATING_RED, "10.0.0.2")
    assert reaches(cloud.internet, FLOATING_RED)
    assert cloud.source_seen("red2") == FLOATING_RED
    assert cloud.source_seen("red3") == HOST


def test_a_floating_ip_is_announced_on_the_public_interface(cloud: Cloud) -> None:
    with capturing(cloud.internet, "inet0", "arp") as first:
        cloud.lend(cloud.red, FLOATING_RED, "10.0.0.2")
        assert f"who-has {FLOATING_RED}" in first()
    assert reaches(cloud.internet, FLOATING_RED)


def test_a_floating_ip_of_another_interface_leads_in_and_out_there_and_nothing_else_does(
    cloud: Cloud, namespaces: Namespaces
) -> None:
    elsewhere, outsider, floating = namespaces.make("elsewhere"), "198.51.100.100", "198.51.100.50"
    world = cloud.host.inside(elsewhere)
    cloud.host.links.ensure_veth("second", "far0", "test", peer_netns=elsewhere)
    cloud.host.addresses.ensure_address("second", "198.51.100.1/24")
    world.addresses.ensure_address("far0", f"{outsider}/24")
    spec = replace(
        cloud.red,
        floating={FLOATING_RED: "10.0.0.3", floating: "10.0.0.2"},
        interfaces={floating: "second"},
    )
    with capturing(elsewhere, "far0", "arp") as first:
        cloud.routers.ensure(spec)
        assert f"who-has {floating}" in first()
    assert reaches(elsewhere, floating)
    assert reaches(cloud.internet, FLOATING_RED)
    with capturing(elsewhere, "far0", "icmp[0] == 8") as first:
        assert reaches(cloud.instances["red2"], outsider)
        assert f"{floating} > {outsider}" in first()
    # It has no floating IP, and its source NAT is on the public interface.
    assert is_cut_off(cloud.instances["blue2"], outsider)
    assert cloud.source_seen("blue2") == HOST
    world.routes.ensure_route("10.0.0.0/24", "far0", "198.51.100.1")
    world.routes.ensure_route("100.64.0.0/16", "far0", "198.51.100.1")
    assert is_cut_off(elsewhere, "10.0.0.2")
    assert is_cut_off(elsewhere, "100.64.0.1")


def test_a_neighbour_is_reached_by_its_floating_ip(cloud: Cloud) -> None:
    cloud.lend(cloud.red, FLOATING_RED, "10.0.0.2")
    assert reaches(cloud.instances["red3"], FLOATING_RED)
    assert reaches(cloud.instances["red2"], FLOATING_RED)


def test_networks_with_one_cidr_meet_only_by_floating_ips(cloud: Cloud) -> None:
    cloud.lend(cloud.blue, FLOATING_BLUE, "10.0.0.2")
    assert reaches(cloud.instances["red2"], FLOATING_BLUE)
    assert is_cut_off(cloud.instances["red2"], "100.64.0.3")
    with capturing(cloud.instances["blue3"], "eth0", "icmp[0] == 8") as first:
        assert reaches(cloud.instances["red2"], "10.0.0.3")
        assert reaches(cloud.instances["blue2"], "10.0.0.3")
        # Had red's ping come here too, it would be the first.
        mac = cloud.host.inside(cloud.instances["blue2"]).links.get("eth0")
        assert mac is not None and mac.mac in first()


def test_the_internet_reaches_neither_fixed_nor_transit_addresses(cloud: Cloud) -> None:
    for destination in ("10.0.0.0/24", "100.64.0.0/16"):
        cloud.host.inside(cloud.internet).routes.ensure_route(destination, "inet0", HOST)
    for address in ("10.0.0.2", "100.64.0.1"):
        assert is_cut_off(cloud.internet, address)


def test_a_disassociated_floating_ip_is_dead_at_once(cloud: Cloud) -> None:
    cloud.lend(cloud.red, FLOATING_RED, "10.0.0.2")
    assert reaches(cloud.internet, FLOATING_RED)
    cloud.routers.ensure(cloud.red)
    assert is_cut_off(cloud.internet, FLOATING_RED)
    netns = Names(cloud.red.network_id).netns
    assert FLOATING_RED not in shell(netns, "conntrack -L 2>/dev/null")
    assert cloud.source_seen("red2") == HOST


def test_what_came_by_a_floating_ip_ends_when_it_is_described_to_lead_elsewhere(
    cloud: Cloud,
) -> None:
    netns = Names(cloud.red.network_id).netns
    for fixed, before in (("10.0.0.2", None), ("10.0.0.3", "10.0.0.2")):
        cloud.routers.ensure(replace(cloud.red, floating={FLOATING_RED: fixed}))
        tracked = shell(netns, f"conntrack -L --orig-dst {FLOATING_RED} 2>/dev/null")
        assert before is None or before not in tracked
        assert reaches(cloud.internet, FLOATING_RED)
        tracked = shell(netns, f"conntrack -L --orig-dst {FLOATING_RED} 2>/dev/null")
        assert fixed in tracked


def test_convergence_touches_nothing_that_is_as_it_should_be(cloud: Cloud) -> None:
    spec = replace(cloud.red, floating={FLOATING_RED: "10.0.0.2"})
    cloud.routers.ensure(spec)
    netns = Names(spec.network_id).netns
    # Handles and indexes are given anew to whatever is made anew.
    state = "nft -a list ruleset; ip -o link | grep -o '^[0-9]*: [^ ]*'; ip route"
    before = shell(netns, state)
    with pinging(cloud.internet, FLOATING_RED) as lost:
        for _ in range(5):
            cloud.routers.ensure_host()
            cloud.routers.ensure(spec)
        assert lost() == 0
    assert shell(netns, state) == before


def test_a_router_deleted_by_hand_comes_back_with_its_traffic(cloud: Cloud) -> None:
    cloud.host.delete_netns(Names(cloud.red.network_id).netns)
    assert is_cut_off(cloud.instances["red2"], "10.0.0.1")
    cloud.routers.ensure(cloud.red)
    assert eventually(lambda: reaches(cloud.instances["red2"], INTERNET))
