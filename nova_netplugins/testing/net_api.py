"""What the core and Nova rely on in a net-api."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from netkit.errors import NotFound, NotSupported, ServiceError
from nova_netplugins.associations import ProjectHasVirtualNics, ProjectUsesOtherService
from nova_netplugins.plugin import (
    ACTIVE,
    DOWN,
    InstanceRequest,
    Network,
    RequestedNic,
    VirtualNic,
    Wiring,
    device_name,
)
from nova_netplugins.testing import other
from nova_netplugins.testing.bench import Bench
from nova_netplugins.wire import from_dict, to_dict

Allocate = Callable[..., list[VirtualNic]]


class NetApiContract:
    gives_addresses: bool
    has_floating_ips: bool

    @pytest.fixture
    def allocate(self, bench: Bench, project_id: str) -> Allocate:
        """NICs on these networks for an instance: a new one, unless it is named."""

        def run(*networks: Network, instance_id: str = "", **fields: Any) -> list[VirtualNic]:
            request = InstanceRequest(
                instance_id=instance_id or str(uuid.uuid4()),
                project_id=fields.pop("project_id", project_id),
                nics=tuple(RequestedNic(network.id) for network in networks),
                **fields,
            )
            return list(bench.net_api.allocate_for_instance(request))

        return run

    # -- Networks ---------------------------------------------------------------------------------

    def test_a_network_is_listed_and_shown(
        self, bench: Bench, network: Network, project_id: str
    ) -> None:
        assert network.id in [found.id for found in bench.net_api.list_networks()]
        assert network.id in [found.id for found in bench.net_api.list_networks(project_id)]
        assert bench.net_api.get_network(network.id).label == network.label

    def test_an_unknown_network_does_not_exist(self, bench: Bench) -> None:
        with pytest.raises(NotFound, match="no-such-network"):
            bench.net_api.get_network("no-such-network")

    # -- Allocation -------------------------------------------------------------------------------

    def test_an_instance_gets_the_virtual_nics_it_asks_for_in_their_order(
        self, bench: Bench, network: Network, other_network: Network, project_id: str,
        allocate: Allocate,
    ) -> None:  # fmt: skip
        nics = allocate(other_network, network, instance_id="i-1", hostname="web")
        assert [nic.network_id for nic in nics] == [other_network.id, network.id]
        assert [nic.default_route for nic in nics] == [True, False]
        for nic in nics:
            assert (nic.project_id, nic.instance_id) == (project_id, "i-1")
            assert (nic.hostname, nic.host, nic.status) == ("web", None, DOWN)
            assert nic.device == device_name(nic.id)
            assert bool(nic.fixed_ips) == self.gives_addresses
            assert bench.net_api.get_virtual_nic(nic.id) == nic
        listed = bench.net_api.list_virtual_nics(instance_id="i-1")
        assert {nic.id for nic in listed} == {nic.id for nic in nics}

    def test_an_instance_that_asks_for_nothing_gets_the_default_networks(
        self, network: Network, allocate: Allocate
    ) -> None:
        assert allocate()

    def test_asking_again_adds_virtual_nics(
        self, bench: Bench, network: Network, allocate: Allocate
    ) -> None:
        first = allocate(network, instance_id="i-1") + allocate(network, instance_id="i-1")
        assert len(bench.net_api.list_virtual_nics(instance_id="i-1")) == len(first) == 2
        assert [nic.default_route for nic in first] == [True, False]

    def test_a_request_that_fails_leaves_nothing(
        self, bench: Bench, network: Network, project_id: str
    ) -> None:
        nics = (RequestedNic(network.id), RequestedNic("no-such-network"))
        with pytest.raises(ServiceError, match="no-such-network"):
            bench.net_api.allocate_for_instance(InstanceRequest("i-1", project_id, nics=nics))
        assert bench.net_api.list_virtual_nics(instance_id="i-1") == []
        assert bench.cloud.associations.attachments() == []

    def test_instances_that_ask_at_once_share_neither_mac_nor_address(
        self, network: Network, allocate: Allocate
    ) -> None:
        with ThreadPoolExecutor(8) as threads:
            nics = [nic for [nic] in threads.map(lambda _: allocate(network), range(24))]
        addresses = [ip.address for nic in nics for ip in nic.fixed_ips]
        assert len({nic.mac_address for nic in nics}) == 24
        assert len(set(addresses)) == len(addresses)

    def test_deallocating_gives_back_all_and_may_be_repeated(
        self, bench: Bench, network: Network, allocate: Allocate
    ) -> None:
        [nic] = allocate(network, instance_id="i-1")
        [kept] = allocate(network, instance_id="i-2")
        for _ in range(2):
            bench.net_api.deallocate_for_instance("i-1")
        assert bench.net_api.list_virtual_nics(instance_id="i-1") == []
        with pytest.raises(NotFound, match=nic.id):
            bench.net_api.get_virtual_nic(nic.id)
        assert bench.net_api.get_virtual_nic(kept.id) == kept

    def test_a_virtual_nic_is_deleted_alone(
        self, bench: Bench, network: Network, allocate: Allocate
    ) -> None:
        first, second = allocate(network, network, instance_id="i-1")
        bench.net_api.delete_virtual_nic(second.id)
        with pytest.raises(NotFound, match=second.id):
            bench.net_api.get_virtual_nic(second.id)
        assert bench.net_api.list_virtual_nics(instance_id="i-1") == [first]

    # -- Projects ---------------------------------------------------------------------------------

    def test_the_first_virtual_nic_pins_its_project(
        self, bench: Bench, network: Network, project_id: str, allocate: Allocate
    ) -> None:
        allocate(network, instance_id="i-1")
        assert bench.cloud.associations.show(project_id).explicit
        with pytest.raises(ProjectHasVirtualNics):
            bench.cloud.associations.associate(project_id, other.NAME)

        bench.net_api.deallocate_for_instance("i-1")
        bench.cloud.associations.associate(project_id, other.NAME)

    def test_a_project_of_another_service_is_refused(
        self, bench: Bench, network: Network, project_id: str, allocate: Allocate
    ) -> None:
        bench.cloud.associations.associate(project_id, other.NAME)
        with pytest.raises(ProjectUsesOtherService):
            allocate(network, instance_id="i-1")
        assert bench.net_api.list_virtual_nics(instance_id="i-1") == []

    # -- Hosts ------------------------------------------------------------------------------------

    def test_a_bound_virtual_nic_is_wired_on_its_host_and_no_other(
        self, bench: Bench, network: Network, allocate: Allocate
    ) -> None:
        [nic] = allocate(network)
        bound = bench.net_api.bind_virtual_nic(nic.id, "compute-1")
        assert (bound.id, bound.host) == (nic.id, "compute-1")
        [wiring] = bench.net_api.wirings("compute-1")
        assert (wiring.nic.id, wiring.network.id) == (nic.id, network.id)
        assert [n.id for n in bench.net_api.list_virtual_nics(host="compute-1")] == [nic.id]
        assert bench.net_api.wirings("compute-2") == []

        assert bench.net_api.bind_virtual_nic(nic.id, None).host is None
        assert bench.net_api.wirings("compute-1") == []

    def test_daemons_are_told_of_a_binding(
        self, bench: Bench, network: Network, allocate: Allocate
    ) -> None:
        [nic] = allocate(network)
        bench.net_api.bind_virtual_nic(nic.id, "compute-1")
        assert (nic.id, network.id, "compute-1") in bench.told.nics

    def test_a_wiring_survives_its_way_to_the_agent(
        self, bench: Bench, network: Network, allocate: Allocate
    ) -> None:
        allocate(network, host="compute-1")
        [wiring] = bench.net_api.wirings("compute-1")
        assert from_dict(Wiring, json.loads(json.dumps(to_dict(wiring)))) == wiring

    def test_a_reported_status_is_shown(
        self, bench: Bench, network: Network, allocate: Allocate
    ) -> None:
        [nic] = allocate(network, host="compute-1")
        for status in (ACTIVE, DOWN):
            bench.net_api.report_virtual_nic(nic.id, status)
            assert bench.net_api.get_virtual_nic(nic.id).status == status

    @pytest.mark.parametrize(
        ("operation", "arguments"),
        [
            ("get_virtual_nic", ()),
            ("delete_virtual_nic", ()),
            ("bind_virtual_nic", ("compute-1",)),
            ("report_virtual_nic", (ACTIVE,)),
        ],
    )
    def test_an_unknown_virtual_nic_does_not_exist(
        self, bench: Bench, operation: str, arguments: tuple[str, ...]
    ) -> None:
        with pytest.raises(NotFound, match="no-such-nic"):
            getattr(bench.net_api, operation)("no-such-nic", *arguments)

    # -- Floating IPs -----------------------------------------------------------------------------

    def test_a_service_without_floating_ips_says_so(self, bench: Bench) -> None:
        if self.has_floating_ips:
            pytest.skip("it has floating IPs")
        api = bench.net_api
        for refused in (
            lambda: api.allocate_floating_ip("p"),
            lambda: api.release_floating_ip("192.0.2.1"),
            lambda: api.associate_floating_ip("192.0.2.1", "10.0.0.2", "n"),
            lambda: api.disassociate_floating_ip("192.0.2.1"),
            lambda: api.list_floating_ips(),
        ):
            with pytest.raises(NotSupported, match=bench.service.name):
                refused()

    def test_a_floating_ip_goes_from_pool_to_virtual_nic_and_back(
        self, bench: Bench, network: Network, project_id: str, allocate: Allocate,
        floating_pool: str | None,
    ) -> None:  # fmt: skip
        if not self.has_floating_ips:
            pytest.skip("it has no floating IPs")
        [nic] = allocate(network)
        fixed = next(ip.address for ip in nic.fixed_ips if ip.version == 4)
        api = bench.net_api

        floating = api.allocate_floating_ip(project_id, floating_pool)
        associated = api.associate_floating_ip(floating.address, fixed, nic.id)
        assert (associated.virtual_nic_id, associated.fixed_address) == (nic.id, fixed)
        assert api.list_floating_ips(project_id) == [associated]
        assert api.disassociate_floating_ip(floating.address).fixed_address is None
        api.release_floating_ip(floating.address)
        assert api.list_floating_ips(project_id) == []
