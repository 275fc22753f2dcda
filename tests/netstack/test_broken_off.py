"""What was broken off is undone or finished, and nobody undoes what goes on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from netkit.errors import ServiceError, Unavailable
from nova_netplugins.ethernet.rows import utcnow
from nova_netplugins.netstack import intents, steps
from nova_netplugins.netstack.base import Operations
from nova_netplugins.netstack.flow import Plan, Work
from nova_netplugins.netstack.model import BlockSpec, NetworkSpec
from nova_netplugins.netstack.tables import INTENTS, VIRTUAL_NICS
from nova_netplugins.plugin import InstanceRequest, RequestedNic
from tests.netstack.cloud import PROJECT, NetApi, interfaces_of, network_of
from tests.netstack.melange_server import MelangeServer

Hook = Callable[[Operations, Work], None]


class Killed(BaseException):
    """Nothing more is done by the process."""


def killed(ops: Operations, work: Work) -> None:
    raise Killed


@contextmanager
def instead_of(step_name: str, hook: Hook, kind: str = "create_nic") -> Iterator[None]:
    """The step is replaced."""
    plan = steps.PLANS[kind]
    changed = [
        dataclasses.replace(step, do=hook) if step.name == step_name else step
        for step in plan.steps
    ]
    steps.PLANS[kind] = Plan(changed, plan.undone, plan.is_done)
    try:
        yield
    finally:
        steps.PLANS[kind] = plan


def asking(network_id: str, instance_id: str = "i-1") -> InstanceRequest:
    return InstanceRequest(instance_id, PROJECT, nics=(RequestedNic(network_id),))


def time_passes(net_api: NetApi) -> None:
    """Enough for every claim to end."""
    net_api.run(lambda conn: conn.execute(INTENTS.update().values(claimed_until=utcnow())))


def intents_of(net_api: NetApi) -> list[str]:
    return [row["kind"] for row in net_api.rows(INTENTS.select())]


def test_what_a_killed_process_began_is_undone_when_its_claim_ends(
    net_api: NetApi, melange: MelangeServer
) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    with instead_of("association", killed), pytest.raises(Killed):
        net_api.allocate_for_instance(asking(network_id))
    assert len(net_api.l2.list_ports(network_id=network_id)) == 1
    assert net_api.list_virtual_nics(network_id=network_id) == [], "nobody sees it"

    assert net_api.reconcile() == [], "it may still be at work"
    assert len(net_api.l2.list_ports(network_id=network_id)) == 1
    time_passes(net_api)
    [told] = net_api.reconcile()
    assert told.startswith("undid create_nic")
    assert net_api.l2.list_ports(network_id=network_id) == []
    assert list(melange.client.allocated_ip_addresses.list(network_id=network_id)) == []
    assert net_api.rows(VIRTUAL_NICS.select()) == [] and intents_of(net_api) == []
    net_api.delete_network(network_id)


def test_a_nic_whose_service_is_away_is_deleted_all_the_same(
    net_api: NetApi, melange: MelangeServer
) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    [nic] = net_api.allocate_for_instance(asking(network_id))

    def away(ops: Operations, work: Work) -> None:
        raise ServiceError("Melange is away")

    with instead_of("interface", away, "delete_nic"):
        net_api.deallocate_for_instance("i-1")
        assert net_api.list_virtual_nics(instance_id="i-1") == []
        assert melange.client.interfaces.show(PROJECT, nic.id)
        [told] = net_api.reconcile()
        assert "could not finish delete_nic" in told and "Melange is away" in told
    [told] = net_api.reconcile()
    assert told.startswith("finished delete_nic")
    assert interfaces_of(net_api, PROJECT) == []
    assert intents_of(net_api) == []


def test_a_service_that_is_away_is_asked_once_in_a_round(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    for number in range(3):
        net_api.allocate_for_instance(asking(network_id, f"i-{number}"))
    asked = []

    def away(ops: Operations, work: Work) -> None:
        asked.append(work.intent.id)
        raise Unavailable("Quantum does not answer")

    with instead_of("port", away, "delete_nic"):
        for number in range(3):
            net_api.deallocate_for_instance(f"i-{number}")
        rounds = [net_api.reconcile() for _ in range(3)]
    assert [len(told) for told in rounds] == [1, 1, 1]
    assert len(set(asked[3:])) == 3, "each time it is another one's turn"
    assert len(net_api.reconcile()) == 3 and intents_of(net_api) == []


def test_an_error_in_a_step_undoes_those_before(net_api: NetApi, melange: MelangeServer) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")

    def refused(ops: Operations, work: Work) -> None:
        raise ServiceError("not on this wire")

    with instead_of("port", refused), pytest.raises(ServiceError, match="not on this wire"):
        net_api.allocate_for_instance(asking(network_id))
    assert list(melange.client.allocated_ip_addresses.list(network_id=network_id)) == []
    assert net_api.rows(VIRTUAL_NICS.select()) == [] and intents_of(net_api) == []


def test_a_process_that_was_taken_for_dead_leaves_nothing_when_it_goes_on(
    net_api: NetApi,
) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    make_ports = next(step.do for step in steps.CREATE_NIC if step.name == "port")

    def slow(ops: Operations, work: Work) -> None:
        time_passes(net_api)
        assert net_api.reconcile()[0].startswith("undid create_nic")
        make_ports(ops, work)

    with instead_of("port", slow), pytest.raises(intents.ClaimLost, match="intent_timeout"):
        net_api.allocate_for_instance(asking(network_id))
    assert net_api.l2.list_ports(network_id=network_id) == []
    assert interfaces_of(net_api, PROJECT) == []
    assert net_api.list_virtual_nics(network_id=network_id) == []


def test_a_commit_that_nobody_heard_of_undoes_nothing(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    activate = steps.CREATE_NIC[-1].do

    def unheard(ops: Operations, work: Work) -> None:
        activate(ops, work)
        raise ServiceError("the connection was lost while committing")

    with instead_of("association", unheard):
        [nic] = net_api.allocate_for_instance(asking(network_id))
    assert net_api.get_virtual_nic(nic.id) == nic
    assert len(net_api.l2.list_ports(network_id=network_id)) == 1


@pytest.mark.parametrize("step", ["l2 network", "blocks", "record"])
def test_a_network_that_was_broken_off_leaves_nothing(
    net_api: NetApi, melange: MelangeServer, step: str
) -> None:
    spec = NetworkSpec("web", project_id="green", blocks=(BlockSpec("10.0.0.0/24"),))
    with instead_of(step, killed, "create_network"), pytest.raises(Killed):
        net_api.create_network(spec)
    time_passes(net_api)
    [told] = net_api.reconcile()
    assert told.startswith("undid create_network")
    assert net_api.l2.list_networks() == [] and net_api.list_networks() == []
    assert list(melange.client.ip_blocks.list("green")) == []


@pytest.mark.parametrize("step", ["blocks", "l2 network", "record"])
def test_a_network_whose_deletion_was_broken_off_goes(net_api: NetApi, step: str) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    with instead_of(step, killed, "delete_network"), pytest.raises(Killed):
        net_api.delete_network(network_id)
    time_passes(net_api)
    [told] = net_api.reconcile()
    assert told.startswith("finished delete_network")
    assert net_api.l2.list_networks() == [] and intents_of(net_api) == []


def test_a_binding_that_was_broken_off_goes_back_with_its_port(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    [nic] = net_api.allocate_for_instance(asking(network_id))
    net_api.bind_virtual_nic(nic.id, "compute-1")
    with instead_of("record", killed, "bind_nic"), pytest.raises(Killed):
        net_api.bind_virtual_nic(nic.id, "compute-2")
    time_passes(net_api)
    net_api.reconcile()
    [port] = net_api.l2.list_ports(network_id=network_id)
    assert net_api.get_virtual_nic(nic.id).host == port.host == "compute-1"


def test_rivals_bind_a_nic_and_its_port_to_the_same_host(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    [nic] = net_api.allocate_for_instance(asking(network_id))
    hosts = [f"compute-{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda host: net_api.bind_virtual_nic(nic.id, host), hosts))
    [port] = net_api.l2.list_ports(network_id=network_id)
    assert net_api.get_virtual_nic(nic.id).host == port.host


def test_many_reconcile_beside_those_who_work(net_api: NetApi, melange: MelangeServer) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    for number in range(3):
        with instead_of("port", killed), pytest.raises(Killed):
            net_api.allocate_for_instance(asking(network_id, f"dead-{number}"))
    time_passes(net_api)
    with ThreadPoolExecutor(6) as threads:
        reconcilers = [threads.submit(net_api.reconcile) for _ in range(3)]
        workers = [
            threads.submit(net_api.allocate_for_instance, asking(network_id, f"live-{number}"))
            for number in range(6)
        ]
        nics = [nic for worker in workers for nic in worker.result()]
        told = [line for one in reconcilers for line in one.result() if "create_nic" in line]
    assert len(told) == 3, "each is undone once"
    used = list(melange.client.allocated_ip_addresses.list(network_id=network_id))
    assert {one["interface_id"] for one in used} == {nic.id for nic in nics}
    assert len({one["address"] for one in used}) == 6 == len(nics)


def test_work_that_takes_long_keeps_its_claim(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    addresses, port = (step.do for step in steps.CREATE_NIC if step.name in ("addresses", "port"))

    def slow(ops: Operations, work: Work) -> None:
        addresses(ops, work)
        time_passes(net_api)
        work.intent.claim = dataclasses.replace(work.intent.claim, ends=0)

    def patient(ops: Operations, work: Work) -> None:
        assert net_api.reconcile() == [], "it is claimed anew"
        port(ops, work)

    with instead_of("addresses", slow), instead_of("port", patient):
        assert net_api.allocate_for_instance(asking(network_id))


def test_a_nic_that_is_being_made_gets_the_default_route_of_those_that_go(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    net_api.allocate_for_instance(asking(network_id))
    [port] = (step.do for step in steps.CREATE_NIC if step.name == "port")

    def instance_is_cleared(ops: Operations, work: Work) -> None:
        net_api.deallocate_for_instance("i-1")
        port(ops, work)

    with instead_of("port", instance_is_cleared):
        [made] = net_api.allocate_for_instance(asking(network_id))
    [left] = net_api.list_virtual_nics(instance_id="i-1")
    assert (left.id, left.default_route) == (made.id, True)
