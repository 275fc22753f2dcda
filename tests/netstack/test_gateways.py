"""A network's gateway takes over what an earlier one left under the same id, and nothing of
others."""

from __future__ import annotations

import dataclasses
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from nova_netplugins.netstack import intents, melange_reclaim, steps, suspects
from nova_netplugins.netstack.audit import audit
from nova_netplugins.netstack.audit.kept import IN_USE, Kept
from nova_netplugins.netstack.audit.reclaim import reclaim
from nova_netplugins.netstack.base import Operations
from nova_netplugins.netstack.flow import Work
from nova_netplugins.netstack.gateway_steps import GatewayTaken
from nova_netplugins.netstack.gateways import GatewayInMaking, device_name, gateway_id
from nova_netplugins.netstack.l2 import NewNetwork
from nova_netplugins.netstack.melange_reclaim import Looked, look_at_interface
from nova_netplugins.netstack.model import BlockSpec, Interface, NetworkSpec
from nova_netplugins.netstack.tables import VIRTUAL_NICS
from tests.netstack.cloud import PROJECT, NetApi, network_of
from tests.netstack.melange_server import MelangeServer
from tests.netstack.test_audit_leaks import long_ago
from tests.netstack.test_broken_off import Killed, instead_of, killed, time_passes
from tests.netstack.test_serving import described, gateway_port, held_by_gateway, servers


@pytest.fixture(params=[True, False], ids=["routed", "not routed"])
def network_id(request: pytest.FixtureRequest, net_api: NetApi) -> str:
    return network_of(net_api, "10.0.0.0/24", routed=request.param)


def leave(net_api: NetApi, network_id: str, tenant: str = "default", **more: Any) -> Interface:
    """An interface with the gateway's id; with our tag unless told otherwise."""
    id_ = gateway_id(network_id)
    fields = {"tags": [net_api.deployment.tag], **more}
    net_api.melange.client.interfaces.create(tenant, id=id_, **fields)
    return look(net_api, network_id, tenant).value


def look(net_api: NetApi, network_id: str, tenant: str = "default") -> Looked[Interface]:
    id_ = gateway_id(network_id)
    found = look_at_interface(net_api.melange, Interface(id_, None, tenant, None))
    assert found is not None
    return found


def test_an_interface_that_was_left_is_the_next_gateways(net_api: NetApi, network_id: str) -> None:
    left = leave(net_api, network_id, device_id="somebody")
    served = described(net_api, network_id)
    assert served["gateway"]["mac_address"] == left.mac_address
    assert gateway_port(net_api, network_id).mac_address == left.mac_address
    assert look(net_api, network_id).value.device_id == device_name(network_id)
    assert described(net_api, network_id) == served
    assert audit(net_api) == []
    net_api.delete_network(network_id)
    assert net_api.melange.find_interface("default", left.id) is None


def test_its_addresses_are_the_next_gateways_too(net_api: NetApi, melange: MelangeServer) -> None:
    network_id = network_of(net_api, "10.0.0.0/24", "10.0.9.0/24", routed=False)
    blocks = net_api.list_subnets(network_id)
    left = leave(net_api, network_id)
    has = net_api.melange.allocate_of_block(blocks[1], left, "left").address
    first, second = servers(described(net_api, network_id))
    assert second == has and first is not None
    assert sorted(held_by_gateway(melange, network_id)) == sorted([first, second])
    assert audit(net_api) == []


def test_a_whole_gateway_that_nobody_knows_of_comes_to_the_networks_host(
    net_api: NetApi, network_id: str
) -> None:
    before = described(net_api, network_id)
    net_api.run(lambda conn: conn.execute(VIRTUAL_NICS.delete()))
    net_api.modify_network(network_id, {"host": "net-2"})
    assert described(net_api, network_id, "net-2")["gateway"] == before["gateway"]
    assert gateway_port(net_api, network_id).host == "net-2"
    assert servers(described(net_api, network_id, "net-2")) == servers(before)
    assert audit(net_api) == []


def test_what_came_too_late_is_taken_over_and_tagged(net_api: NetApi) -> None:
    """A request for an address makes an interface without a tag."""
    network_id = network_of(net_api, "10.0.0.0/24", routed=False)
    id_ = gateway_id(network_id)
    net_api.run(suspects.rolled_back, [id_])
    net_api.melange.client.networks.allocate("default", network_id, id_, tenant_id="default")
    [late] = look(net_api, network_id).value.addresses
    assert servers(described(net_api, network_id)) == [late.address]
    assert look(net_api, network_id).tags == (net_api.deployment.tag,)
    assert audit(net_api) == []


def test_one_of_the_tenant_that_the_network_had_before_makes_way(net_api: NetApi) -> None:
    made = net_api.l2.create_network(NewNetwork("theirs", "theirs"))
    adopted = NetworkSpec("first", PROJECT, (BlockSpec("10.0.0.0/24"),), adopt=made.id)
    network_id = net_api.create_network(adopted)["id"]
    leave(net_api, network_id, PROJECT)
    net_api.know_project(PROJECT)
    net_api.delete_network(network_id)
    again = NetworkSpec("second", None, (BlockSpec("10.0.0.0/24"),), adopt=made.id)
    assert net_api.create_network(again)["id"] == network_id
    assert described(net_api, network_id)["gateway"]["nic_id"] == gateway_id(network_id)
    assert net_api.melange.find_interface(PROJECT, gateway_id(network_id)) is None
    assert audit(net_api) == []


@pytest.mark.parametrize("tags", [["netstack:another"], []], ids=["another's", "nobody's"])
@pytest.mark.parametrize("tenant", ["default", PROJECT])
def test_what_is_not_ours_stays_and_is_named(
    net_api: NetApi, melange: MelangeServer, tags: list[str], tenant: str
) -> None:
    network_id = network_of(net_api, "10.0.0.0/24", routed=False)
    net_api.know_project(PROJECT)
    leave(net_api, network_id, tenant, tags=tags, device_id="theirs")
    melange.client.networks.allocate(
        "default", network_id, gateway_id(network_id), tenant_id=tenant
    )
    before = look(net_api, network_id, tenant)
    with pytest.raises(GatewayTaken) as raised:
        described(net_api, network_id)
    for named in (network_id, gateway_id(network_id), tenant, *tags):
        assert named in str(raised.value)
    assert look(net_api, network_id, tenant) == before
    assert net_api.l2.list_ports(network_id=network_id) == []
    assert net_api.rows(VIRTUAL_NICS.select()) == []


def test_an_audit_leaves_another_deployments_too(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.0.0.0/24", routed=False)
    id_ = gateway_id(network_id)
    leave(net_api, network_id, tags=["netstack:another"])
    net_api.melange.client.networks.allocate("default", network_id, id_, tenant_id="default")
    for _ in range(2):
        with pytest.raises(GatewayTaken):
            described(net_api, network_id)
    before = look(net_api, network_id)
    audit(net_api)
    long_ago(net_api)
    assert not any(one.repaired for one in audit(net_api, repair=True))
    assert look(net_api, network_id) == before


def test_nobody_who_saw_it_before_deletes_what_is_taken_over(
    net_api: NetApi, network_id: str
) -> None:
    leave(net_api, network_id)
    [told] = audit(net_api)
    seen = look(net_api, network_id)
    described(net_api, network_id)
    assert not melange_reclaim.delete_interface(net_api.melange, seen)
    with pytest.raises(Kept, match=IN_USE):
        reclaim(net_api, told.finding)
    assert audit(net_api) == []


@pytest.mark.parametrize("step", ["addresses", "port", "record"])
def test_one_that_was_killed_on_the_way_is_undone_and_made_again(
    net_api: NetApi, network_id: str, step: str
) -> None:
    leave(net_api, network_id)
    with instead_of(step, killed, "create_gateway"), pytest.raises(Killed):
        described(net_api, network_id)
    with pytest.raises(GatewayInMaking):
        described(net_api, network_id)
    time_passes(net_api)
    assert net_api.reconcile()[0].startswith("undid create_gateway")
    assert audit(net_api) == []
    described(net_api, network_id)
    assert audit(net_api) == []


@pytest.mark.parametrize("step", ["addresses", "port"])
def test_who_was_taken_for_dead_undoes_nothing_of_the_next(
    net_api: NetApi, network_id: str, step: str
) -> None:
    """He goes on while the next gateway is being made."""
    [real] = [one for one in steps.CREATE_GATEWAY if one.name == step]
    begun, go_on = threading.Event(), threading.Event()
    workers: list[Future[Any]] = []

    def slow(ops: Operations, work: Work) -> None:
        if not begun.is_set():
            begun.set()
            assert go_on.wait(60)
            real.do(ops, work)
            # As after a renewal that came too late.
            work.intent.claim = dataclasses.replace(work.intent.claim, ends=0)
            return
        real.do(ops, work)
        go_on.set()
        with pytest.raises(intents.ClaimLost):
            workers[0].result(60)

    with ThreadPoolExecutor(1) as threads, instead_of(step, slow, "create_gateway"):
        workers.append(threads.submit(described, net_api, network_id))
        assert begun.wait(60)
        time_passes(net_api)
        assert net_api.reconcile()[0].startswith("undid create_gateway")
        served = described(net_api, network_id)
    assert audit(net_api) == []
    assert described(net_api, network_id) == served
