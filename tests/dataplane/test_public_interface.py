"""A host without its ``public_interface``: the default is eth0, and many have no such link."""

from __future__ import annotations

import pytest

from nova_netplugins.host.driver import BridgePort, LinuxHost
from nova_netplugins.host.router import Names, Routers, RouterSpec, Transit
from nova_netplugins.host.ruleset_host import HostRules
from tests.dataplane import cloud as clouds
from tests.dataplane.cloud import PATIENCE
from tests.dataplane.topology import shell
from tests.eventually import eventually

TOLD = "public_interface = nosuch0 of [gateway]: this host has no interface nosuch0"


@pytest.mark.root
def test_floating_ips_wait_for_the_public_interface(
    linux: LinuxHost, caplog: pytest.LogCaptureFixture
) -> None:
    linux.links.ensure_bridge("br-net", "test")
    linux.links.ensure_veth("ens3", "world", "test")
    linux.addresses.ensure_address("ens3", "192.0.2.1/24")
    shell(linux.netns or "", "ip link set ens3 up; ip link set world up")
    shell(linux.netns or "", "ip route add default via 192.0.2.2")
    routers = Routers(linux, HostRules("host", "nosuch0", "100.64.0.0/16"))
    transit = Transit("100.64.0.0/31", "100.64.0.1/31")
    floating = {"192.0.2.50": "10.0.0.2"}
    spec = RouterSpec(
        "lacking-public", BridgePort("br-net"), ("10.0.0.1/24",), transit, floating=floating
    )
    try:
        for _ in range(3):
            routers.ensure_host()
            routers.ensure(spec)
        names = Names(spec.network_id)
        inside = linux.inside(names.netns)
        assert inside.addresses.get(names.inside) == ["10.0.0.1/24", "169.254.169.254/32"]
        assert linux.routes.proxied() == {}
        (told,) = caplog.messages
        assert told.startswith(TOLD) and "such as ens3, where the default route leads" in told
        linux.links.ensure_veth("nosuch0", "beyond", "test")
        routers.ensure_host()
        routers.ensure(spec)
        assert linux.routes.proxied() == {"nosuch0": {"192.0.2.50"}}
        assert len(caplog.messages) == 1
    finally:
        routers.remove(spec.network_id)


@pytest.mark.root
def test_private_networks_are_served_without_the_public_interface() -> None:
    with clouds.running({"gateway": {"public_interface": "nosuch0"}}) as cloud:
        one = cloud.make_network("flat_dhcp", cidr="10.0.0.0/24")
        instance = cloud.boot("one", "flat_dhcp", one)
        instance.ask_dhcp()
        floating = cloud.make_floating("flat_dhcp")
        cloud.associate("flat_dhcp", floating, instance)
        other = cloud.make_network("flat_dhcp", cidr="10.0.1.0/24")
        cloud.boot("two", "flat_dhcp", other).ask_dhcp()
        log = cloud.node.config.with_name("service.log")
        eventually(lambda: TOLD in log.read_text(), "the log tells", PATIENCE)
        assert log.read_text().count(TOLD) <= len(cloud.services)
        assert "Traceback" not in log.read_text()
