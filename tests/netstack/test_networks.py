"""Networks of netstack: layer 2 with blocks of a real Melange."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from netkit.errors import ServiceError
from nova_netplugins import errors
from nova_netplugins.netstack import l2_errors
from nova_netplugins.netstack.gateways import GatewayInMaking
from nova_netplugins.netstack.l2 import NewNetwork, NewPort
from nova_netplugins.netstack.model import Block, BlockSpec, NetworkSpec
from nova_netplugins.netstack.network_steps import NetworkInUseAlready
from nova_netplugins.plugin import InstanceRequest, RequestedNic
from nova_netplugins.testing.bench import Bench
from tests.netstack.cloud import PROJECT, NetApi, interfaces_of, network_of
from tests.netstack.melange_server import MelangeServer


def nic_on(net_api: NetApi, network_id: str, *addresses: str) -> list[str]:
    """The addresses of a new NIC on the network."""
    request = InstanceRequest(
        str(uuid.uuid4()), PROJECT, nics=(RequestedNic(network_id, addresses),)
    )
    [nic] = net_api.allocate_for_instance(request)
    return [ip.address for ip in nic.fixed_ips]


def test_a_network_has_the_blocks_of_its_spec_in_melange(
    net_api: NetApi, melange: MelangeServer
) -> None:
    blocks = (
        BlockSpec("10.1.0.0/24", priority=2, dns=("9.9.9.9",)),
        BlockSpec("10.2.0.7/24", gateway="10.2.0.254", priority=1),
        BlockSpec("fd00:1::/64", gateway=""),
    )
    row = net_api.create_network(NetworkSpec("web", project_id=PROJECT, blocks=blocks, mtu=1400))
    found = {
        block["cidr"]: block for block in melange.client.networks.ip_blocks(PROJECT, row["id"])
    }
    assert set(found) == {"10.1.0.0/24", "10.2.0.0/24", "fd00:1::/64"}
    assert found["10.1.0.0/24"]["gateway"] == "10.1.0.1"
    assert found["10.2.0.0/24"]["gateway"] == "10.2.0.254"
    assert found["fd00:1::/64"]["gateway"] is None

    network = net_api.get_network(row["id"])
    assert (network.label, network.mtu, network.project_id) == ("web", 1400, PROJECT)
    v4 = [subnet.cidr for subnet in network.subnets if subnet.version == 4]
    assert v4 == ["10.2.0.0/24", "10.1.0.0/24"], "in the order of their priorities"
    assert network.subnets[v4.index("10.1.0.0/24") + 1].dns[0] == "9.9.9.9"
    assert network.attributes["segment"] == net_api.l2.get_network(row["id"]).segment
    assert nic_on(net_api, row["id"])[0] == "10.2.0.1"


def test_the_next_block_is_used_when_the_first_is_full(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.1.0.0/30", "10.2.0.0/30")
    assert [nic_on(net_api, network_id) for _ in range(2)] == [["10.1.0.2"], ["10.2.0.2"]]


def test_a_block_added_later_is_used_whoever_added_it(
    net_api: NetApi, melange: MelangeServer
) -> None:
    network_id = network_of(net_api, project_id=PROJECT)
    assert nic_on(net_api, network_id) == []
    melange.client.ip_blocks.create(PROJECT, "10.5.0.0/24", network_id=network_id)
    assert nic_on(net_api, network_id) == ["10.5.0.0"], "without netstack's policy, the first"
    net_api.create_subnet(network_id, BlockSpec("fd00:5::/64"))
    assert len(nic_on(net_api, network_id)) == 2
    assert [subnet.cidr for subnet in net_api.get_network(network_id).subnets] == [
        "10.5.0.0/24",
        "fd00:5::/64",
    ]


@pytest.mark.parametrize(("project_id", "refused"), [(None, True), (PROJECT, False)])
def test_a_first_subnet_is_refused_where_nics_of_all_projects_are_not_guarded(
    net_api: NetApi, project_id: str | None, refused: bool
) -> None:
    row = net_api.create_network(NetworkSpec("wire", project_id=project_id))
    assert nic_on(net_api, row["id"]) == []
    if refused:
        with pytest.raises(errors.NetworkInUse, match="without addresses.*delete it"):
            net_api.create_subnet(row["id"], BlockSpec("10.1.0.0/24"))
        [nic] = net_api.list_virtual_nics(network_id=row["id"])
        net_api.delete_virtual_nic(nic.id)
    net_api.create_subnet(row["id"], BlockSpec("10.1.0.0/24"))
    net_api.create_subnet(row["id"], BlockSpec("10.2.0.0/24", priority=1))
    assert nic_on(net_api, row["id"]) == ["10.1.0.2"]


def test_a_subnet_goes_when_nobody_has_an_address_of_it(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.1.0.0/24")
    made = net_api.create_subnet(network_id, BlockSpec("10.2.0.0/24"))
    [nic_address] = nic_on(net_api, network_id, "10.2.0.5")
    with pytest.raises(errors.NetworkInUse, match=nic_address):
        net_api.delete_subnet(network_id, made.id)
    for nic in net_api.list_virtual_nics(network_id=network_id):
        net_api.delete_virtual_nic(nic.id)
    net_api.delete_subnet(network_id, made.id)
    assert [block.cidr for block in net_api.list_subnets(network_id)] == ["10.1.0.0/24"]
    with pytest.raises(errors.NetworkNotFound, match="no subnet"):
        net_api.delete_subnet(network_id, made.id)


def test_a_network_goes_with_its_blocks_and_its_segment(
    net_api: NetApi, melange: MelangeServer
) -> None:
    network_id = network_of(net_api, "10.1.0.0/24", project_id=PROJECT)
    net_api.delete_network(network_id)
    assert list(melange.client.ip_blocks.list(PROJECT, network_id=network_id)) == []
    with pytest.raises(l2_errors.NetworkNotFound):
        net_api.l2.get_network(network_id)
    with pytest.raises(errors.NetworkNotFound):
        net_api.get_network(network_id)


def test_the_gateway_of_a_network_goes_with_it(net_api: NetApi, melange: MelangeServer) -> None:
    network_id = network_of(net_api, "10.1.0.0/24", "fd00:1::/64", routed=False)
    net_api.flow.start("create_gateway", {"network_id": network_id, "host": "host-1"})
    [port] = net_api.l2.list_ports(network_id=network_id)
    assert (port.device_id, port.device_owner) == (f"gw-{network_id[:11]}", "network:netstack")
    used = [one["address"] for one in net_api.melange.allocated(network_id)]
    assert len(used) == 2 and "10.1.0.2" in used
    assert net_api.list_virtual_nics(network_id=network_id) == [], "it is no instance's"
    with pytest.raises(GatewayInMaking):
        net_api.flow.start("create_gateway", {"network_id": network_id, "host": "host-1"})

    net_api.delete_network(network_id)
    assert net_api.l2.list_ports(network_id=network_id) == []
    assert interfaces_of(net_api, "default") == []


def test_what_of_a_network_can_be_changed_is_told_to_those_who_serve_it(
    net_api: NetApi, bench: Bench
) -> None:
    network_id = network_of(net_api, "10.1.0.0/24")
    bench.told.networks.clear()
    row = net_api.modify_network(network_id, {"label": "new", "priority": 7, "host": "host-2"})
    assert (row["label"], row["priority"], row["host"]) == ("new", 7, "host-2")
    assert bench.told.networks == [network_id]
    with pytest.raises(errors.InvalidOption, match="can be changed"):
        net_api.modify_network(network_id, {"project_id": PROJECT})


def test_a_network_stays_while_anybody_is_on_it(net_api: NetApi, melange: MelangeServer) -> None:
    network_id = network_of(net_api, "10.1.0.0/24")
    nic_on(net_api, network_id)
    [nic] = net_api.list_virtual_nics(network_id=network_id)
    with pytest.raises(errors.NetworkInUse, match="is allocated to interface"):
        net_api.delete_network(network_id)
    net_api.delete_virtual_nic(nic.id)

    [block] = net_api.list_subnets(network_id)
    lent = melange.client.ip_addresses.allocate("default", block.id, interface_id="stranger")
    with pytest.raises(errors.NetworkInUse, match="stranger"):
        net_api.delete_network(network_id)
    melange.client.ip_addresses.release("default", block.id, lent["address"])

    port = net_api.l2.create_port(NewPort(network_id, "fa:16:3e:00:00:99", "somebody"))
    with pytest.raises(errors.NetworkInUse, match="somebody"):
        net_api.delete_network(network_id)
    net_api.l2.delete_port(port.id)
    net_api.delete_network(network_id)


def test_a_network_that_is_there_is_adopted_with_the_blocks_it_has(
    net_api: NetApi, melange: MelangeServer
) -> None:
    there = net_api.l2.create_network(NewNetwork(str(uuid.uuid4()), "old"))
    melange.client.ip_blocks.create("default", "10.7.0.0/24", network_id=there.id)
    spec = NetworkSpec("new", blocks=(BlockSpec("10.8.0.0/24"),), adopt=there.id)
    row = net_api.create_network(spec)
    assert (row["id"], row["adopted"]) == (there.id, True)
    cidrs = [block.cidr for block in map(Block.of_json, row["blocks"])]
    assert cidrs == ["10.7.0.0/24", "10.8.0.0/24"]
    with pytest.raises(NetworkInUseAlready):
        net_api.create_network(spec)

    net_api.delete_network(there.id)
    assert net_api.l2.get_network(there.id) == there, "it was not ours to delete"
    left = melange.client.networks.ip_blocks("default", there.id)
    assert [block["cidr"] for block in left] == ["10.7.0.0/24"], "nor was its block"


@pytest.mark.parametrize(
    ("blocks", "told"),
    [
        ((BlockSpec("10.0.0.0/99"),), "10.0.0.0/99"),
        ((BlockSpec("10.0.0.0/24"), BlockSpec("10.0.0.128/25")), "overlaps with 10.0.0.0/24"),
        ((BlockSpec("10.0.0.0/24", gateway="10.1.0.1"),), "outside 10.0.0.0/24"),
        ((BlockSpec("10.0.0.0/24", dns=("1.1.1.1", "9.9.9.9", "8.8.8.8")),), "at most 2"),
        ((BlockSpec("10.0.0.0/24", dns=("nowhere",)),), "nowhere"),
        ((BlockSpec("127.0.0.0/8"),), "no host may have"),
    ],
)
def test_a_network_that_cannot_be_is_refused_before_anything_is_made(
    net_api: NetApi, blocks: tuple[BlockSpec, ...], told: str
) -> None:
    before = net_api.l2.list_networks()
    with pytest.raises(ServiceError, match=told) as error:
        net_api.create_network(NetworkSpec("web", blocks=blocks))
    assert error.value.status in (400, 409)
    assert net_api.l2.list_networks() == before


def test_a_network_whose_blocks_melange_refuses_leaves_nothing(
    net_api: NetApi, melange: MelangeServer
) -> None:
    there = net_api.l2.create_network(NewNetwork(str(uuid.uuid4()), "old"))
    melange.client.ip_blocks.create("default", "10.7.0.0/24", network_id=there.id)
    before = net_api.l2.list_networks()
    spec = NetworkSpec("new", blocks=(BlockSpec("10.6.0.0/24"), BlockSpec("10.7.0.0/25")))
    with pytest.raises(ServiceError, match="overlap"):
        net_api.create_network(NetworkSpec(spec.label, blocks=spec.blocks, adopt=there.id))
    left = melange.client.networks.ip_blocks("default", there.id)
    assert [block["cidr"] for block in left] == ["10.7.0.0/24"]
    assert net_api.l2.list_networks() == before
    assert net_api.list_networks() == []


def test_a_subnet_that_a_nic_draws_from_meanwhile_is_not_deleted(
    net_api: NetApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    network_id = network_of(net_api, "10.0.0.0/24", project_id=PROJECT)
    [block] = net_api.list_subnets(network_id)
    update = net_api.melange.update_block

    def be_late(*asked: Any, **settings: Any) -> Block:
        if settings["network_id"] is None:
            request = InstanceRequest("late", PROJECT, nics=(RequestedNic(network_id),))
            net_api.allocate_for_instance(request)
        return update(*asked, **settings)

    monkeypatch.setattr(net_api.melange, "update_block", be_late)
    with pytest.raises(errors.NetworkInUse, match="10.0.0.2"):
        net_api.delete_subnet(network_id, block.id)
    assert net_api.list_subnets(network_id) == [block]
    assert net_api.reconcile() == []


def test_a_subnet_that_was_carved_out_of_another_is_deleted(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.0.0.0/24", project_id=PROJECT)
    [block] = net_api.list_subnets(network_id)
    net_api.melange.client.subnets.create(PROJECT, block.id, "10.0.0.0/26")
    [carved] = net_api.list_subnets(network_id)
    net_api.delete_subnet(network_id, carved.id)
    assert [one.cidr for one in net_api.list_subnets(network_id)] == ["10.0.0.0/24"]
