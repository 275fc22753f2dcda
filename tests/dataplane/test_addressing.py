"""Addresses, routes and proxied neighbours."""

from __future__ import annotations

import pytest

from nova_netplugins.host.driver import Host, LinuxHost
from nova_netplugins.host.errors import AlreadyExists, HostError, NotFound
from tests.dataplane.topology import shell


@pytest.fixture
def link(host: Host) -> str:
    """A link that is up and has a carrier."""
    host.links.ensure_veth("eth0", "wire", "test")
    return "eth0"


def destinations(host: Host, link: str) -> set[str]:
    return {route.destination for route in host.routes.owned(link)}


def test_the_first_address_becomes_first_and_the_others_stay(host: Host, link: str) -> None:
    host.addresses.ensure_addresses(link, ["10.0.0.5/24", "10.0.0.6/24", "fd00::5/64"])
    for _ in range(2):
        host.addresses.ensure_address(link, "10.0.0.1/24", first=True)
    present = host.addresses.get(link)
    assert [one for one in present if "." in one] == ["10.0.0.1/24", "10.0.0.5/24", "10.0.0.6/24"]
    assert "fd00::5/64" in present


def test_routes_by_a_gateway_survive_a_new_first_address(host: Host, link: str) -> None:
    host.addresses.ensure_address(link, "10.0.0.5/24")
    host.routes.ensure_route("0.0.0.0/0", link, "10.0.0.254")
    host.addresses.ensure_address(link, "10.0.0.1/24", first=True)
    assert [(one.destination, one.gateway) for one in host.routes.get(link)] == [
        ("0.0.0.0/0", "10.0.0.254")
    ]


def test_addresses_are_exactly_those_wanted(host: Host, link: str) -> None:
    host.addresses.ensure_addresses(link, ["10.0.0.1/24", "10.0.0.2/24"])
    host.addresses.ensure_addresses(link, ["10.0.0.2/24", "169.254.169.254/32"])
    assert host.addresses.get(link) == ["10.0.0.2/24", "169.254.169.254/32"]


def test_removing_the_first_address_keeps_the_second(host: Host, link: str) -> None:
    host.addresses.ensure_addresses(link, ["10.0.0.1/24", "10.0.0.2/24"])
    for _ in range(2):
        host.addresses.ensure_addresses(link, ["10.0.0.2/24"])
    assert host.addresses.get(link) == ["10.0.0.2/24"]


def test_a_malformed_address_is_named(host: Host, link: str) -> None:
    with pytest.raises(HostError, match="'10.0.0.300/24' is no address with prefix length"):
        host.addresses.ensure_address(link, "10.0.0.300/24")


def test_addresses_of_a_missing_link(host: Host) -> None:
    with pytest.raises(NotFound, match="eth9"):
        host.addresses.ensure_address("eth9", "10.0.0.1/24")


def test_routes_are_exactly_those_wanted_and_others_are_left_alone(host: Host, link: str) -> None:
    host.addresses.ensure_address(link, "10.0.0.1/24")
    host.routes.ensure_routes(link, ["192.0.2.1/32", "192.0.2.2/32"], "10.0.0.2")
    stale = host.routes.ensure_routes(link, ["192.0.2.2/32", "192.0.2.3/32"], "10.0.0.2")
    assert stale == {"192.0.2.1/32"}
    assert destinations(host, link) == {"192.0.2.2/32", "192.0.2.3/32"}
    assert host.routes.ensure_routes(link, ["192.0.2.2/32", "192.0.2.3/32"], "10.0.0.2") == set()


def test_a_route_is_replaced_not_doubled(host: Host, link: str) -> None:
    host.addresses.ensure_address(link, "10.0.0.1/24")
    host.routes.ensure_route("192.0.2.1/32", link, "10.0.0.2")
    host.routes.ensure_route("192.0.2.1/32", link, "10.0.0.3")
    assert [one.gateway for one in host.routes.owned(link)] == ["10.0.0.3"]


def test_the_host_answers_for_addresses_and_then_no_more(host: Host, link: str) -> None:
    for _ in range(2):
        host.routes.change_proxies(link, ["192.0.2.1"], [])
    assert host.routes.proxied().get(link, set()) == {"192.0.2.1"}
    for _ in range(2):
        host.routes.change_proxies(link, [], ["192.0.2.1"])
    assert host.routes.proxied().get(link, set()) == set()


def test_ten_thousand_routes_and_proxies_at_once(host: Host, link: str) -> None:
    host.addresses.ensure_address(link, "10.0.0.1/24")
    many = [f"172.16.{n // 250}.{n % 250}" for n in range(10_000)]
    host.routes.ensure_routes(link, [f"{address}/32" for address in many], "10.0.0.2")
    host.routes.change_proxies(link, many, [])
    assert len(host.routes.owned(link)) == 10_000
    assert host.routes.proxied().get(link, set()) == set(many)


def test_a_physical_interface_hands_its_addresses_and_routes_to_the_bridge(host: Host) -> None:
    host.links.ensure_veth("eth1", "wire", "test", mac="02:00:00:00:00:77")
    host.addresses.ensure_address("eth1", "10.0.0.5/24")
    host.routes.ensure_route("0.0.0.0/0", "eth1", "10.0.0.254")
    host.links.ensure_bridge("br100", "net 1")
    for _ in range(2):
        host.enslave_physical("eth1", "br100")
    assert host.addresses.get("eth1") == []
    assert host.addresses.get("br100") == ["10.0.0.5/24"]
    assert [(one.device, one.gateway) for one in host.routes.get()] == [("br100", "10.0.0.254")]
    port, bridge = host.links.get("eth1"), host.links.get("br100")
    assert port is not None and bridge is not None
    assert (port.master, bridge.mac) == ("br100", "02:00:00:00:00:77")


def test_a_physical_interface_of_another_bridge_is_not_taken(host: Host) -> None:
    host.links.ensure_veth("eth1", "wire", "test")
    host.links.ensure_bridge("br1", "net 1")
    host.links.ensure_bridge("br2", "net 2")
    host.enslave_physical("eth1", "br1")
    with pytest.raises(AlreadyExists, match="eth1 is a port of br1, wanted in br2"):
        host.enslave_physical("eth1", "br2")


@pytest.mark.root
def test_routes_of_other_programs_are_left_alone(linux: LinuxHost) -> None:
    linux.links.ensure_veth("eth0", "wire", "test")
    linux.addresses.ensure_address("eth0", "10.0.0.1/24")
    shell(linux.netns or "", "ip route add 198.51.100.0/24 via 10.0.0.9 proto static")
    linux.routes.ensure_routes("eth0", [])
    assert [one.destination for one in linux.routes.get()] == ["198.51.100.0/24"]


def test_the_host_stays_out_of_a_bridge_that_is_only_for_instances(host: Host) -> None:
    host.links.ensure_bridge("br100", "net 1")
    host.stay_out("br100")
    assert host.get_sysctl("net/ipv6/conf/br100/disable_ipv6") == "1"


def test_a_bridge_that_stands_for_the_hosts_interface_is_left_alone(host: Host) -> None:
    host.links.ensure_veth("eth1", "wire", "test")
    host.addresses.ensure_address("eth1", "192.0.2.1/24")
    host.links.ensure_bridge("br100", "net 1")
    host.enslave_physical("eth1", "br100")
    host.stay_out("br100")
    assert host.get_sysctl("net/ipv6/conf/br100/disable_ipv6") == "0"
