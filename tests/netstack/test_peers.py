"""Hosts of a network hear of each other when NICs come and go."""

from __future__ import annotations

from typing import cast

import pytest

from nova_netplugins.host.fake_host import FakeHost
from nova_netplugins.host.kernel import EVERYBODY, Remote
from nova_netplugins.plugin import InstanceRequest, RequestedNic, VirtualNic
from nova_netplugins.testing.bench import Bench
from tests.netstack.cloud import PROJECT, TUNNEL_ADDRESS, NetApi, network_of

HERE, THERE = "host-1", "host-2"


@pytest.fixture
def network(net_api: NetApi) -> str:
    """Of hosts that have told where they are."""
    for host, address in ((HERE, TUNNEL_ADDRESS), (THERE, "192.0.2.20")):
        net_api.register_tunnel(host, address)
    return network_of(net_api, "10.0.0.0/24")


def boot(net_api: NetApi, network: str, instance_id: str, host: str | None) -> VirtualNic:
    asked = InstanceRequest(instance_id, PROJECT, host, nics=(RequestedNic(network),))
    [nic] = net_api.allocate_for_instance(asked)
    return nic


def prompted(bench: Bench) -> int:
    """How often networks were prompted since this was asked."""
    told = len(bench.told.networks)
    bench.told.networks.clear()
    return told


def peers_at(net_api: NetApi, host: str) -> list[str]:
    [wiring] = net_api.wirings(host)
    return cast(list[str], wiring.network.attributes["peers"])


def test_the_first_nic_on_a_host_and_the_last_are_told(
    net_api: NetApi, bench: Bench, network: str
) -> None:
    boot(net_api, network, "i-1", HERE)
    assert peers_at(net_api, HERE) == [TUNNEL_ADDRESS]
    prompted(bench)

    first = boot(net_api, network, "i-2", THERE)
    assert prompted(bench) == 1
    assert peers_at(net_api, HERE) == [TUNNEL_ADDRESS, "192.0.2.20"]

    boot(net_api, network, "i-3", THERE)
    assert prompted(bench) == 0
    net_api.delete_virtual_nic(first.id)
    prompted(bench)
    net_api.deallocate_for_instance("i-3")
    assert prompted(bench) == 1
    assert peers_at(net_api, HERE) == [TUNNEL_ADDRESS]


def test_a_nic_that_moves_is_told_at_both_ends(net_api: NetApi, bench: Bench, network: str) -> None:
    nic = boot(net_api, network, "i-1", HERE)
    prompted(bench)
    net_api.bind_virtual_nic(nic.id, THERE)
    assert prompted(bench) == 2
    assert peers_at(net_api, THERE) == ["192.0.2.20"]
    assert net_api.wirings(HERE) == []


def test_an_agent_sends_to_the_other_hosts_that_net_api_names(
    net_api: NetApi, bench: Bench, network: str
) -> None:
    host = FakeHost()
    host.links.ensure_bridge("eth0", "test")
    host.addresses.ensure_address("eth0", f"{TUNNEL_ADDRESS}/24")
    agent = bench.net_agent(host, HERE)
    nic = boot(net_api, network, "i-1", HERE)
    host.links.ensure_tap(nic.device, "hypervisor")
    agent.plug(nic, net_api.get_network(network))
    [vxlan] = [link.name for link in host.links.links() if link.vxlan is not None]
    assert host.kernel.remotes(vxlan) == set()

    boot(net_api, network, "i-2", THERE)
    agent.setup_network(net_api.get_network(network))
    assert host.kernel.remotes(vxlan) == {Remote(EVERYBODY, "192.0.2.20")}
