"""flat and flat_dhcp on one bridge of a host: one wire, two agents."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_netplugins.ethernet.net_api import EthernetNetApi
from nova_netplugins.ethernet.specs import NetworkSpec
from nova_netplugins.host.fake_host import FakeHost
from nova_netplugins.plugin import InstanceRequest, NetAgent
from nova_netplugins.testing.bench import Bench, bench

HOST = "compute1"
BRIDGE = "br-lan"
SERVICES = ("flat", "flat_dhcp")


@pytest.fixture
def benches(tmp_path: Path) -> Iterator[list[Bench]]:
    with contextlib.ExitStack() as stack:
        made = []
        for name in SERVICES:
            directory = tmp_path / name
            directory.mkdir()
            url = f"sqlite:///{directory}/nova.sqlite"
            options = {"flat_network_bridge": BRIDGE}
            module = f"nova_netplugins.{name}"
            made.append(stack.enter_context(bench(directory, url, module, options, HOST)))
        yield made


def plug_one(service: Bench, host: FakeHost) -> tuple[NetAgent, str]:
    """The service's agent, and the tap of the one NIC that it plugged."""
    assert isinstance(service.net_api, EthernetNetApi)
    service.net_api.create_networks(NetworkSpec("lan", cidr="10.0.0.0/24"))
    service.net_api.allocate_for_instance(InstanceRequest("i", "p", host=HOST))
    [wiring] = service.net_api.wirings(HOST)
    host.links.ensure_tap(wiring.nic.device, "nova")
    agent = service.net_agent(host, HOST)
    agent.plug(wiring.nic, wiring.network)
    service.net_api.report_virtual_nic(wiring.nic.id, "ACTIVE")
    return agent, wiring.nic.device


def test_each_agent_unplugs_its_own_nics_only(benches: list[Bench]) -> None:
    host = FakeHost()
    agents, taps = zip(*(plug_one(service, host) for service in benches), strict=True)

    def bridges() -> list[str | None]:
        links = {link.name: link for link in host.links.links()}
        return [links[tap].master for tap in taps]

    for agent in agents * 2:
        agent.check()
        assert bridges() == [BRIDGE, BRIDGE]
    for agent in agents:
        assert list(agent.check()) == []
    benches[0].net_api.deallocate_for_instance("i")
    for agent in agents:
        agent.check()
    assert bridges() == [None, BRIDGE]
