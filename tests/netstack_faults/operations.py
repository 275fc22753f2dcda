"""What is done to netstack while it fails, and what there has to be afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nova_netplugins.netstack.gateways import gateway_id
from nova_netplugins.netstack.model import BlockSpec, NetworkSpec
from nova_netplugins.netstack.net_api import NetstackNetApi
from nova_netplugins.netstack.steps import PLANS
from nova_netplugins.netstack.tables import VIRTUAL_NICS
from nova_netplugins.plugin import InstanceRequest, RequestedNic, VirtualNic
from tests.netstack_faults.world import PROJECT, World


@dataclass
class Subject:
    """What an operation is about: given by its preparation, or known before it begins."""

    instance_id: str = field(default_factory=lambda: f"instance-{uuid.uuid4()}")
    label: str = field(default_factory=lambda: f"net-{uuid.uuid4()}")
    network_id: str = ""
    host: str = ""
    nic: VirtualNic | None = None

    @property
    def nic_id(self) -> str:
        assert self.nic is not None
        return self.nic.id


def nothing(world: World) -> Subject:
    return Subject(network_id=world.network_id, host=world.host)


def an_instance(world: World) -> Subject:
    subject = nothing(world)
    create_nic(world.outside, subject)
    [subject.nic] = world.outside.list_virtual_nics(instance_id=subject.instance_id)
    return subject


def a_network(world: World) -> Subject:
    subject = nothing(world)
    create_network(world.outside, subject)
    [found] = [one for one in world.outside.list_networks() if one.label == subject.label]
    subject.network_id = found.id
    return subject


def a_network_where_a_gateway_was(world: World) -> Subject:
    """It left its interface, with an address."""
    subject = a_network(world)
    id_, melange = gateway_id(subject.network_id), world.melange
    # The network is the project's, and so is its gateway.
    left = melange.create_interface(id_, PROJECT, None, None, world.outside.deployment.tag, id_)
    [block, *_] = melange.blocks(PROJECT, subject.network_id)
    melange.allocate_of_block(block, left, f"left to {id_}")
    return subject


def a_network_with_gateway(world: World) -> Subject:
    subject = a_network(world)
    create_gateway(world.outside, subject)
    return subject


def an_instance_that_got_an_address(world: World) -> Subject:
    subject = an_instance(world)
    client = world.melange.client
    client.networks.allocate("default", world.network_id, subject.nic_id, tenant_id=PROJECT)
    return subject


def an_instance_that_lost_everything(world: World) -> Subject:
    subject = an_instance(world)
    world.melange.delete_interface(subject.nic_id)
    for port in world.outside.l2.list_ports(device_id=subject.instance_id):
        world.outside.l2.delete_port(port.id)
    return subject


def create_nic(api: NetstackNetApi, subject: Subject) -> None:
    nics = (RequestedNic(network_id=subject.network_id),)
    api.allocate_for_instance(
        InstanceRequest(subject.instance_id, PROJECT, subject.host, "web", nics)
    )


def delete_nic(api: NetstackNetApi, subject: Subject) -> None:
    api.deallocate_for_instance(subject.instance_id)


def bind_nic(api: NetstackNetApi, subject: Subject) -> None:
    api.bind_virtual_nic(subject.nic_id, "two")


def follow(api: NetstackNetApi, subject: Subject) -> None:
    api.flow.start("follow", {"nic_ids": [subject.nic_id]})


def remake_nic(api: NetstackNetApi, subject: Subject) -> None:
    api.flow.start("remake_nic", {"nic_id": subject.nic_id})


def create_network(api: NetstackNetApi, subject: Subject) -> None:
    blocks = (BlockSpec("10.9.0.0/24"), BlockSpec("fd00:9::/64"))
    # Without a router, so that its gateway gets addresses.
    api.create_network(NetworkSpec(subject.label, PROJECT, blocks, routed=False))


def create_gateway(api: NetstackNetApi, subject: Subject) -> None:
    api.flow.start("create_gateway", {"network_id": subject.network_id, "host": subject.host})


def delete_network(api: NetstackNetApi, subject: Subject) -> None:
    api.delete_network(subject.network_id)


# -- What there is


def is_nic(world: World, subject: Subject) -> bool:
    """Whole: what is not, an audit finds."""
    return bool(world.outside.list_virtual_nics(instance_id=subject.instance_id))


def is_bound(world: World, subject: Subject) -> bool:
    return world.outside.get_virtual_nic(subject.nic_id).host == "two"


def is_followed(world: World, subject: Subject) -> bool:
    return len(world.outside.get_virtual_nic(subject.nic_id).fixed_ips) > 2


def is_network(world: World, subject: Subject) -> bool:
    return subject.label in {one.label for one in world.outside.list_networks()}


def is_gateway(world: World, subject: Subject) -> bool:
    gateway = VIRTUAL_NICS.select().where(VIRTUAL_NICS.c.id == gateway_id(subject.network_id))
    return bool(world.outside.rows(gateway))


@dataclass(frozen=True)
class Operation:
    """``kind``: of its intent. ``there``: whether what it is about is there, and ``makes``: whether
    it should be if the operation was done. ``heals``: undone, it leaves what it found, which an
    audit has to repair. ``finds``: what is in its way when it begins."""

    kind: str
    prepare: Callable[[World], Subject]
    run: Callable[[NetstackNetApi, Subject], Any]
    there: Callable[[World, Subject], bool]
    makes: bool = True
    heals: bool = False
    finds: str = ""

    def __str__(self) -> str:
        return f"{self.kind} over {self.finds}" if self.finds else self.kind


OPERATIONS = (
    Operation("create_nic", nothing, create_nic, is_nic),
    Operation("delete_nic", an_instance, delete_nic, is_nic, makes=False),
    Operation("bind_nic", an_instance, bind_nic, is_bound),
    Operation("follow", an_instance_that_got_an_address, follow, is_followed),
    Operation("remake_nic", an_instance_that_lost_everything, remake_nic, is_nic, heals=True),
    Operation("create_gateway", a_network, create_gateway, is_gateway),
    Operation(
        "create_gateway",
        a_network_where_a_gateway_was,
        create_gateway,
        is_gateway,
        finds="an interface",
    ),
    Operation("create_network", nothing, create_network, is_network),
    Operation("delete_network", a_network_with_gateway, delete_network, is_network, makes=False),
)

# What was in the way when it began makes no difference any more.
UNDONE = [one for one in OPERATIONS if PLANS[one.kind].undone and not one.finds]
FINISHED = [one for one in OPERATIONS if not PLANS[one.kind].undone]
