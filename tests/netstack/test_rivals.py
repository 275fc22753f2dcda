"""Many at once, on each kind of database: two servers of one cloud, and reconcilers beside them."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from netkit.errors import Conflict, NotFound, ServiceError
from nova_netplugins.netstack.tables import INTENTS, VIRTUAL_NICS
from nova_netplugins.plugin import InstanceRequest, RequestedNic
from tests.netstack.cloud import PROJECT, NetApi, interfaces_of, netstack_bench, network_of
from tests.netstack.melange_server import MelangeServer

THREADS = 6


@pytest.fixture
def servers(
    tmp_path: Path, database_url: str, melange: MelangeServer
) -> Iterator[tuple[NetApi, NetApi]]:
    """Two net-apis on one database."""
    with contextlib.ExitStack() as stack:
        made = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            bench = stack.enter_context(netstack_bench(tmp_path / name, melange.url, database_url))
            assert isinstance(bench.net_api, NetApi)
            made.append(bench.net_api)
        yield made[0], made[1]


def at_once(*calls: Callable[[], object]) -> list[Future[object]]:
    """All calls, begun together and ended."""
    with ThreadPoolExecutor(THREADS) as threads:
        return [threads.submit(call) for call in calls]


def test_two_servers_and_their_reconcilers_lose_and_double_nothing(
    servers: tuple[NetApi, NetApi], melange: MelangeServer
) -> None:
    one, two = servers
    assert one.deployment.owner == two.deployment.owner
    network_id = network_of(one, "10.0.0.0/24", "fd00::/64")

    def live(number: int) -> None:
        api, other = random.sample(servers, 2)
        request = InstanceRequest(
            f"i-{number}", PROJECT, host="compute-1", nics=(RequestedNic(network_id),) * 2
        )
        first, second = api.allocate_for_instance(request)
        with contextlib.suppress(Conflict):
            other.bind_virtual_nic(second.id, "compute-2")
        other.delete_virtual_nic(first.id)
        if number % 2:
            api.deallocate_for_instance(f"i-{number}")

    calls: list[Callable[[], object]] = [partial(live, number) for number in range(8)]
    calls[2:2] = [one.reconcile, two.reconcile]
    calls[6:6] = [two.reconcile, one.reconcile]
    for future in at_once(*calls):
        future.result()

    left = one.list_virtual_nics(network_id=network_id)
    assert sorted(nic.instance_id or "" for nic in left) == [f"i-{n}" for n in range(0, 8, 2)]
    used = list(melange.client.allocated_ip_addresses.list(network_id=network_id))
    assert {(a["address"], a["interface_id"]) for a in one.melange.allocated(network_id)} == {
        (ip.address, nic.id) for nic in left for ip in nic.fixed_ips
    }
    assert len(used) == 2 * len(left)
    ports = {port.id: port for port in one.l2.list_ports(network_id=network_id)}
    assert {nic.attributes["port_id"]: nic.host for nic in left} == {
        port.id: port.host for port in ports.values()
    }
    assert sorted(interfaces_of(one, PROJECT)) == sorted(nic.id for nic in left)
    assert two.rows(INTENTS.select()) == [] and len(two.rows(VIRTUAL_NICS.select())) == len(left)


def test_nobody_is_left_on_a_network_that_is_deleted_at_the_same_time(
    servers: tuple[NetApi, NetApi], melange: MelangeServer
) -> None:
    one, two = servers
    for _ in range(3):
        network_id = network_of(one, "10.0.0.0/24")
        request = InstanceRequest("i-1", PROJECT, nics=(RequestedNic(network_id),))
        allocated, deleted = at_once(
            partial(two.allocate_for_instance, request),
            partial(one.delete_network, network_id),
        )
        outcomes = [isinstance(future.exception(), ServiceError) for future in (allocated, deleted)]
        assert outcomes in ([True, False], [False, True]), "one of them has to give way"
        if allocated.exception() is None:
            one.deallocate_for_instance("i-1")
            one.delete_network(network_id)
        assert list(melange.client.ip_blocks.list("default", network_id=network_id)) == []


def test_a_nic_that_two_delete_is_deleted_once(servers: tuple[NetApi, NetApi]) -> None:
    one, two = servers
    network_id = network_of(one, "10.0.0.0/24")
    request = InstanceRequest("i-1", PROJECT, nics=(RequestedNic(network_id),))
    [nic] = one.allocate_for_instance(request)
    futures = at_once(
        partial(one.delete_virtual_nic, nic.id), partial(two.delete_virtual_nic, nic.id)
    )
    errors = [future.exception() for future in futures]
    assert sorted(isinstance(error, NotFound) for error in errors) == [False, True]
    assert one.rows(INTENTS.select()) == []
