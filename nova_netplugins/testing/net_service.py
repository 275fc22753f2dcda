"""What the net-service daemon relies on. Skipped for a service without this part."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nova_netplugins.host.driver import Host
from nova_netplugins.plugin import InstanceRequest, NetService, Network, RequestedNic
from nova_netplugins.testing.bench import Bench
from nova_netplugins.testing.net_agent import state_of


class NetServiceContract:
    @pytest.fixture
    def served(self, bench: Bench, host: Host, host_name: str) -> Iterator[NetService]:
        if bench.service.net_service is None:
            pytest.skip("it has no net-service")
        served = bench.net_service(host, host_name)
        yield served
        served.close()

    def test_serving_may_be_repeated(
        self, bench: Bench, served: NetService, host: Host, network: Network, project_id: str
    ) -> None:
        nics = (RequestedNic(network.id),)
        [nic] = bench.net_api.allocate_for_instance(InstanceRequest("i-1", project_id, nics=nics))
        served.ensure(network.id)
        once = state_of(host)
        served.ensure(network.id)
        served.ensure(network.id, nic.id)
        served.ensure(network.id, nic.id)
        assert state_of(host) == once

    def test_nothing_of_a_network_stays_that_is_not_served_any_more(
        self, served: NetService, host: Host, network: Network
    ) -> None:
        before = state_of(host)
        served.ensure(network.id)
        served.remove(network.id)
        served.remove(network.id)
        assert state_of(host) == before

    def test_a_check_of_what_is_served_converges(
        self, served: NetService, network: Network
    ) -> None:
        served.check()
        assert list(served.check()) == []

    def test_what_is_served_outlives_the_process(
        self, bench: Bench, served: NetService, host: Host, host_name: str, network: Network
    ) -> None:
        served.check()
        once = state_of(host)
        served.close()
        assert state_of(host) == once
        again = bench.net_service(host, host_name)
        again.check()
        assert state_of(host) == once
        again.close()
