"""Routers: what is on the host after each verb, on the fake one and the real one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from nova_netplugins.host.driver import BridgePort, Host
from nova_netplugins.host.fake_host import FakeHost
from nova_netplugins.host.kernel import Kernel, LinkChange
from nova_netplugins.host.netlink import NetlinkKernel
from nova_netplugins.host.router import Names, Routers, RouterSpec, Transit
from nova_netplugins.host.ruleset_host import HostRules
from tests.dataplane.topology import Namespaces, shell

FLOATING = "192.0.2.50"
TRANSIT = "100.64.0.0/16"


@pytest.fixture
def network_id(request: pytest.FixtureRequest) -> str:
    """An id that no other test has: namespaces have one name for all."""
    return f"{abs(hash(request.node.nodeid)) % 10**11:011d}-network"


@pytest.fixture
def routers(host: Host) -> Routers:
    host.links.ensure_veth("public", "world", "test")
    host.addresses.ensure_address("public", "192.0.2.1/24")
    host.links.ensure_bridge("br-net", "test")
    routers = Routers(host, HostRules("host", "public", TRANSIT, "192.0.2.1"))
    routers.ensure_host()
    return routers


@pytest.fixture
def spec(network_id: str, routers: Routers, request: pytest.FixtureRequest) -> RouterSpec:
    """A router with one floating IP, not made yet, gone after the test."""
    request.addfinalizer(lambda: routers.remove(network_id))
    return RouterSpec(
        network_id,
        BridgePort("br-net"),
        ("10.0.0.1/24", "fd00::1/64"),
        Transit("100.64.0.0/31", "100.64.0.1/31"),
        mtu=1450,
        floating={FLOATING: "10.0.0.2"},
    )


def kernel(host: Host) -> Kernel:
    """What a test may break the host with."""
    return host.kernel if isinstance(host, FakeHost) else NetlinkKernel(host.netns)


def answered(host: Host) -> set[str]:
    return host.routes.proxied().get("public", set())


def routed(host: Host, names: Names) -> dict[str, str | None]:
    return {one.destination: one.gateway for one in host.routes.owned(names.outside_port)}


def maps(host: Host, names: Names) -> tuple[dict[str, str | None], dict[str, str | None]]:
    nft = host.inside(names.netns).nft
    floating, fixed = (nft.elements("inet", name) for name in ("floating", "fixed"))
    return {key[0]: value for key, value in floating.items()}, {
        key[0]: value for key, value in fixed.items()
    }


def test_a_router_has_its_gateway_inside_and_a_way_out(
    host: Host, routers: Routers, spec: RouterSpec
) -> None:
    for _ in range(2):
        routers.ensure(spec)
    names = Names(spec.network_id)
    inside = host.inside(names.netns)
    assert inside.addresses.get(names.inside) == [
        "10.0.0.1/24",
        "169.254.169.254/32",
        "fd00::1/64",
    ]
    default = [one for one in inside.routes.get() if one.destination == "0.0.0.0/0"]
    assert [(one.device, one.gateway) for one in default] == [(names.outside, "100.64.0.0")]
    assert inside.get_sysctl("net/ipv4/ip_forward") == "1"
    port = host.links.get(names.inside_port)
    assert port is not None and (port.master, port.mtu) == ("br-net", 1450)
    assert routers.owned() >= {spec.network_id[:11]}


def test_a_floating_ip_is_routed_answered_for_and_translated(
    host: Host, routers: Routers, spec: RouterSpec
) -> None:
    routers.ensure(spec)
    names = Names(spec.network_id)
    assert routed(host, names) == {f"{FLOATING}/32": "100.64.0.1"}
    assert answered(host) == {FLOATING}
    assert maps(host, names) == ({FLOATING: "10.0.0.2"}, {"10.0.0.2": FLOATING})


def test_a_fixed_address_that_loses_one_floating_ip_is_seen_by_the_other(
    host: Host, routers: Routers, spec: RouterSpec
) -> None:
    routers.ensure(replace(spec, floating={FLOATING: "10.0.0.2", "192.0.2.60": "10.0.0.2"}))
    for _ in range(2):
        routers.ensure(replace(spec, floating={"192.0.2.60": "10.0.0.2"}))
    names = Names(spec.network_id)
    assert maps(host, names) == ({"192.0.2.60": "10.0.0.2"}, {"10.0.0.2": "192.0.2.60"})
    assert routed(host, names) == {"192.0.2.60/32": "100.64.0.1"}
    assert answered(host) == {"192.0.2.60"}


def test_a_floating_ip_is_pointed_at_another_address(
    host: Host, routers: Routers, spec: RouterSpec
) -> None:
    routers.ensure(spec)
    routers.ensure(replace(spec, floating={FLOATING: "10.0.0.3"}))
    assert maps(host, Names(spec.network_id)) == ({FLOATING: "10.0.0.3"}, {"10.0.0.3": FLOATING})


def test_a_floating_ip_that_moved_to_another_network_stays_there(
    host: Host, routers: Routers, spec: RouterSpec, request: pytest.FixtureRequest
) -> None:
    other = replace(
        spec,
        network_id=f"x{spec.network_id}",
        transit=Transit("100.64.0.2/31", "100.64.0.3/31"),
        floating={},
    )
    request.addfinalizer(lambda: routers.remove(other.network_id))
    routers.ensure(spec)
    routers.ensure(other)
    routers.ensure(replace(other, floating={FLOATING: "10.0.0.9"}))
    routers.ensure(replace(spec, floating={}))
    assert answered(host) == {FLOATING}
    assert routed(host, Names(other.network_id)) == {f"{FLOATING}/32": "100.64.0.3"}
    assert maps(host, Names(spec.network_id)) == ({}, {})


def ways_for_floating_ips(host: Host) -> set[str]:
    return {key[0] for key in host.nft.elements("inet", "floating_interfaces")}


def test_a_floating_ip_is_answered_for_on_the_interface_of_its_range(
    host: Host, routers: Routers, spec: RouterSpec
) -> None:
    host.links.ensure_veth("second", "elsewhere", "test")
    both = {FLOATING: "10.0.0.2", "198.51.100.9": "10.0.0.3"}
    two = replace(spec, floating=both, interfaces={"198.51.100.9": "second"})
    for _ in range(2):
        routers.ensure(two)
        routers.ensure_host()
    assert host.routes.proxied() == {"public": {FLOATING}, "second": {"198.51.100.9"}}
    assert ways_for_floating_ips(host) == {'"second"'}
    # The range was deleted, and made again on the other interface.
    routers.ensure(replace(two, interfaces={}))
    routers.ensure_host()
    assert host.routes.proxied() == {"public": set(both)}
    assert ways_for_floating_ips(host) == set()


def test_the_interfaces_of_floating_ips_are_known_after_a_crash(
    host: Host, routers: Routers, spec: RouterSpec
) -> None:
    host.links.ensure_veth("second", "elsewhere", "test")
    routers.ensure(replace(spec, interfaces={FLOATING: "second"}))
    Routers(host, HostRules("host", "public", TRANSIT, "192.0.2.1")).ensure_host()
    assert host.routes.proxied() == {"second": {FLOATING}}
    assert ways_for_floating_ips(host) == {'"second"'}
    routers.remove(spec.network_id)
    routers.ensure_host()
    assert host.routes.proxied() == {}
    assert ways_for_floating_ips(host) == set()


def test_a_floating_ip_on_an_interface_that_the_host_lacks_costs_no_other(
    host: Host, routers: Routers, spec: RouterSpec, caplog: pytest.LogCaptureFixture
) -> None:
    both = {FLOATING: "10.0.0.2", "198.51.100.9": "10.0.0.3"}
    for _ in range(2):
        routers.ensure(replace(spec, floating=both, interfaces={"198.51.100.9": "eth9"}))
    assert maps(host, Names(spec.network_id))[0] == {FLOATING: "10.0.0.2"}
    assert host.routes.proxied() == {"public": {FLOATING}}
    (told,) = caplog.messages
    assert told.startswith("the range of floating IP 198.51.100.9: this host has no interface eth9")


def test_floating_ips_that_are_no_longer_described_go(
    host: Host, routers: Routers, spec: RouterSpec
) -> None:
    routers.ensure(spec)
    routers.ensure(replace(spec, floating={"192.0.2.60": "10.0.0.3"}))
    assert routed(host, Names(spec.network_id)) == {"192.0.2.60/32": "100.64.0.1"}
    assert answered(host) == {"192.0.2.60"}


def test_a_router_without_a_way_out(host: Host, routers: Routers, spec: RouterSpec) -> None:
    routers.ensure(spec)
    routers.ensure(replace(spec, transit=None, floating={}))
    names = Names(spec.network_id)
    assert not host.links.exists(names.outside_port)
    assert host.links.exists(names.inside_port)
    assert answered(host) == set()


def test_nothing_is_left_of_a_removed_router(
    host: Host, routers: Routers, spec: RouterSpec
) -> None:
    routers.ensure(spec)
    for _ in range(2):
        routers.remove(spec.network_id)
    names = Names(spec.network_id)
    assert names.netns not in host.list_netns()
    assert host.links.owned("gx-") == host.links.owned("ux-") == {}
    assert answered(host) == set()
    assert spec.network_id[:11] not in routers.owned()


def test_a_router_that_lost_its_links_is_still_known(
    host: Host, routers: Routers, spec: RouterSpec
) -> None:
    routers.ensure(spec)
    for name in (Names(spec.network_id).inside_port, Names(spec.network_id).outside_port):
        host.links.delete(name)
    assert spec.network_id[:11] in routers.owned()


def test_the_routers_of_another_host_on_this_machine_are_not_ours(
    host: Host, routers: Routers, spec: RouterSpec, request: pytest.FixtureRequest
) -> None:
    routers.ensure(spec)
    if isinstance(host, FakeHost):
        host.ensure_netns("second")
        second: Host = host.inside("second")
    else:
        namespaces: Namespaces = request.getfixturevalue("namespaces")
        second = host.inside(namespaces.make("second"))
    assert Routers(second, HostRules("host", None, TRANSIT)).owned() == set()


def test_addresses_whose_router_vanished_are_no_longer_answered_for(
    host: Host, routers: Routers, spec: RouterSpec
) -> None:
    routers.ensure(spec)
    host.links.delete(Names(spec.network_id).outside_port)
    routers.ensure_host()
    assert answered(host) == set()


def test_a_network_of_ipv6_alone_has_a_gateway_and_no_way_out(
    host: Host, routers: Routers, spec: RouterSpec
) -> None:
    routers.ensure(replace(spec, gateways=("fd00::1/64",), transit=None, metadata=False))
    names = Names(spec.network_id)
    router = host.inside(names.netns)
    assert router.addresses.get(names.inside) == ["fd00::1/64"]
    assert not host.links.exists(names.outside_port)


DAMAGE: dict[str, Callable[[Host, Names], object]] = {
    "inner port": lambda host, names: host.links.delete(names.inside_port),
    "outer port": lambda host, names: host.links.delete(names.outside_port),
    "out of the bridge": lambda host, names: host.links.release_port(names.inside_port),
    "gateway down": lambda host, names: kernel(host.inside(names.netns)).change_link(
        names.inside, LinkChange(up=False)
    ),
    "gateway address": lambda host, names: host.inside(names.netns).addresses.forget(
        names.inside, ["10.0.0.1/24"]
    ),
    "default route": lambda host, names: host.inside(names.netns).routes.ensure_routes(
        names.outside, []
    ),
    "floating route": lambda host, names: host.routes.ensure_routes(names.outside_port, []),
    "proxied address": lambda host, _: host.routes.change_proxies("public", [], [FLOATING]),
    "rules": lambda host, names: host.inside(names.netns).nft.remove("inet"),
    "namespace": lambda host, names: host.delete_netns(names.netns),
}


@pytest.mark.parametrize("part", DAMAGE)
def test_a_lost_part_is_put_back(host: Host, routers: Routers, spec: RouterSpec, part: str) -> None:
    routers.ensure(spec)
    names = Names(spec.network_id)
    DAMAGE[part](host, names)
    routers.ensure(spec)
    inside = host.inside(names.netns)
    port, gateway = host.links.get(names.inside_port), inside.links.get(names.inside)
    assert port is not None and gateway is not None
    assert (port.master, gateway.up) == ("br-net", True)
    assert set(inside.addresses.get(names.inside)) == {
        "10.0.0.1/24",
        "169.254.169.254/32",
        "fd00::1/64",
    }
    assert "0.0.0.0/0" in {one.destination for one in inside.routes.get()}
    assert routed(host, names) == {f"{FLOATING}/32": "100.64.0.1"}
    assert answered(host) == {FLOATING}
    assert maps(host, names) == ({FLOATING: "10.0.0.2"}, {"10.0.0.2": FLOATING})


def test_a_new_floating_ip_is_announced_and_a_cut_one_forgotten() -> None:
    host = FakeHost()
    host.links.ensure_veth("public", "world", "test")
    host.links.ensure_bridge("br-net", "test")
    routers = Routers(host, HostRules("host", "public", TRANSIT), arp_count=2)
    spec = RouterSpec(
        "1", BridgePort("br-net"), ("10.0.0.1/24",), Transit("100.64.0.0/31", "100.64.0.1/31")
    )
    routers.ensure(spec)
    routers.ensure(replace(spec, floating={FLOATING: "10.0.0.2"}))
    assert host.recorded.announced[-2:] == [(None, "public", FLOATING)] * 2
    routers.ensure(spec)
    assert host.recorded.flushed == [("nnp-1", FLOATING)]


def test_connections_by_a_floating_ip_that_is_described_otherwise_are_forgotten_once() -> None:
    host = FakeHost()
    host.links.ensure_bridge("br-net", "test")
    routers = Routers(host, HostRules("host", None, TRANSIT))
    spec = RouterSpec(
        "1", BridgePort("br-net"), ("10.0.0.1/24",), Transit("100.64.0.0/31", "100.64.0.1/31")
    )
    others = {"192.0.2.60": "10.0.0.3"}
    steps: list[tuple[str | None, int]] = [("10.0.0.2", 0), ("10.0.0.9", 1), (None, 2), (None, 2)]
    for fixed, times in steps:
        routers.ensure(replace(spec, floating=others | ({FLOATING: fixed} if fixed else {})))
        assert host.recorded.flushed == [("nnp-1", FLOATING)] * times


@pytest.mark.root
@pytest.mark.parametrize("host", ["linux"], indirect=True)
def test_a_namespace_half_made_by_a_killed_process_is_repaired(
    host: Host, routers: Routers, spec: RouterSpec
) -> None:
    names = Names(spec.network_id)
    shell(host.netns or "", f"touch /run/netns/{names.netns}")
    routers.ensure(spec)
    assert host.inside(names.netns).links.exists(names.inside)
