"""What the net-agent daemon relies on: verbs that may be repeated, and that repair."""

from __future__ import annotations

from typing import Any

import pytest

from nova_netplugins.host.driver import Host
from nova_netplugins.plugin import InstanceRequest, NetAgent, Network, RequestedNic, Wiring
from nova_netplugins.testing.bench import Bench


def state_of(host: Host) -> list[Any]:
    """What can be seen of a host: its links, and where they are attached."""
    return sorted(host.links.links(), key=lambda link: link.name)


class NetAgentContract:
    @pytest.fixture
    def agent(self, bench: Bench, host: Host, host_name: str) -> NetAgent:
        return bench.net_agent(host, host_name)

    @pytest.fixture
    def wiring(
        self, bench: Bench, host: Host, host_name: str, network: Network, project_id: str
    ) -> Wiring:
        """A virtual NIC bound to this host, with its tap there."""
        nics = (RequestedNic(network.id),)
        bench.net_api.allocate_for_instance(
            InstanceRequest("i-1", project_id, host=host_name, nics=nics)
        )
        [wiring] = bench.net_api.wirings(host_name)
        host.links.ensure_tap(wiring.nic.device, "contract")
        return wiring

    def test_plugging_may_be_repeated(self, agent: NetAgent, host: Host, wiring: Wiring) -> None:
        agent.setup_network(wiring.network)
        agent.setup_network(wiring.network)
        agent.plug(wiring.nic, wiring.network)
        once = state_of(host)
        agent.plug(wiring.nic, wiring.network)
        assert state_of(host) == once

    def test_a_virtual_nic_is_plugged_without_its_network_set_up_before(
        self, agent: NetAgent, host: Host, wiring: Wiring
    ) -> None:
        agent.plug(wiring.nic, wiring.network)
        agent.setup_network(wiring.network)
        agent.plug(wiring.nic, wiring.network)

    def test_unplugging_may_be_repeated_and_needs_no_device(
        self, agent: NetAgent, host: Host, wiring: Wiring
    ) -> None:
        agent.plug(wiring.nic, wiring.network)
        agent.unplug(wiring.nic)
        agent.unplug(wiring.nic)
        host.links.delete(wiring.nic.device)
        agent.unplug(wiring.nic)

    def test_a_check_converges(self, agent: NetAgent, host: Host, wiring: Wiring) -> None:
        agent.check()
        assert list(agent.check()) == []

    def test_a_new_agent_finds_a_working_host_as_it_should_be(
        self, bench: Bench, agent: NetAgent, host: Host, host_name: str, wiring: Wiring
    ) -> None:
        agent.check()
        once = state_of(host)
        bench.net_agent(host, host_name).check()
        assert state_of(host) == once

    def test_a_check_leaves_a_missing_device_to_whoever_makes_it(
        self, agent: NetAgent, host: Host, wiring: Wiring
    ) -> None:
        host.links.delete(wiring.nic.device)
        agent.check()
        assert not host.links.exists(wiring.nic.device)

    def test_nothing_of_a_deleted_virtual_nic_stays(
        self, bench: Bench, agent: NetAgent, host: Host, wiring: Wiring
    ) -> None:
        host.links.delete(wiring.nic.device)
        before = state_of(host)
        host.links.ensure_tap(wiring.nic.device, "contract")
        agent.plug(wiring.nic, wiring.network)
        bench.net_api.deallocate_for_instance("i-1")
        host.links.delete(wiring.nic.device)
        agent.check()
        assert state_of(host) == before
