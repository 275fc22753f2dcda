"""An audit names each contradiction there may be, and repairs what can be repaired."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from nova_netplugins.netstack import intents
from nova_netplugins.netstack.audit import audit
from nova_netplugins.netstack.gateways import gateway_id
from nova_netplugins.netstack.intents import Claim, Intent
from nova_netplugins.netstack.l2 import AddressPair
from nova_netplugins.netstack.tables import INTENTS, L2_NETWORKS, L2_PORTS, VIRTUAL_NICS
from nova_netplugins.plugin import InstanceRequest, RequestedNic
from tests.netstack.cloud import PROJECT, NetApi, network_of
from tests.netstack.melange_server import MelangeServer, melange_server

INSTANCE = "instance-1"
LONG_AGO = datetime.datetime(2000, 1, 1)


@dataclass
class Scene:
    """A network, and an instance with a virtual NIC on it."""

    api: NetApi
    network_id: str
    nic: sa.RowMapping

    @property
    def address(self) -> str:
        address: str = self.nic["addresses"][0]["address"]
        return address

    @property
    def block_id(self) -> str:
        block_id: str = self.nic["addresses"][0]["block_id"]
        return block_id

    @property
    def elses(self) -> str:
        """An interface that is not ours."""
        return f"elses-{self.network_id}"

    def change(self, statement: sa.Executable) -> None:
        self.api.run(lambda connection: connection.execute(statement))


@pytest.fixture(scope="module")
def melange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MelangeServer]:
    """What is released is free at once."""
    settings = "[ipam]\nkeep_deallocated_ips_for_days = 0"
    with melange_server(tmp_path_factory.mktemp("melange"), settings=settings) as server:
        yield server


def a_scene(api: NetApi) -> Scene:
    network_id = network_of(api, "10.5.0.0/24", "fd00:5::/64")
    return Scene(api, network_id, new_nic(api, network_id, INSTANCE))


@pytest.fixture
def scene(net_api: NetApi) -> Scene:
    return a_scene(net_api)


def new_nic(api: NetApi, network_id: str, instance_id: str) -> sa.RowMapping:
    nics = (RequestedNic(network_id),)
    [nic] = api.allocate_for_instance(InstanceRequest(instance_id, PROJECT, "one", nics=nics))
    [row] = api.rows(VIRTUAL_NICS.select().where(VIRTUAL_NICS.c.id == nic.id))
    return row


def names(told: object) -> list[str]:
    assert isinstance(told, list)
    return sorted({one.finding.kind.name for one in told})


# -- What --repair makes right


def lose_port(scene: Scene) -> None:
    scene.api.l2.delete_port(scene.nic["port_id"])


def lose_interface(scene: Scene) -> None:
    scene.api.melange.delete_interface(scene.nic["id"])


def lose_address(scene: Scene) -> None:
    client = scene.api.melange.client
    client.ip_addresses.release("default", scene.block_id, scene.address)


def change_mac_of_port(scene: Scene) -> None:
    here = L2_PORTS.update().where(L2_PORTS.c.id == scene.nic["port_id"])
    scene.change(here.values(mac_address="fa:16:3e:ff:ff:ff"))


def bind_port_elsewhere(scene: Scene) -> None:
    scene.api.l2.update_port(scene.nic["port_id"], host="elsewhere")


def let_port_send_more(scene: Scene) -> None:
    scene.api.l2.update_port(scene.nic["port_id"], pairs=[AddressPair("0.0.0.0/0")])


def give_another_address(scene: Scene) -> None:
    client, nic_id = scene.api.melange.client, scene.nic["id"]
    client.networks.allocate("default", scene.network_id, nic_id, tenant_id=PROJECT)


def give_to_another_device(scene: Scene) -> None:
    scene.api.melange.change_device(PROJECT, scene.nic["id"], "another")


def lose_tag(scene: Scene) -> None:
    tags = scene.api.melange.client.tags.of_interface(PROJECT, scene.nic["id"])
    tags.remove(scene.api.deployment.tag)


def lose_association(scene: Scene) -> None:
    api = scene.api
    api.run(lambda connection: api.associations.detach(connection, scene.nic["id"]))


def break_off(scene: Scene) -> None:
    intent = Intent("follow", {"nic_ids": [scene.nic["id"]]}, Claim(60))
    scene.api.run(intents.write, intent)
    scene.change(INTENTS.update().values(claimed_until=LONG_AGO))


REPAIRABLE: dict[str, tuple[Callable[[Scene], None], list[str]]] = {
    "a port": (lose_port, ["NIC without port"]),
    "an interface": (lose_interface, ["NIC without interface", "NIC without its address"]),
    "an address": (lose_address, ["NIC without its address"]),
    "the MAC address of a port": (change_mac_of_port, ["port with another MAC address"]),
    "the host of a port": (bind_port_elsewhere, ["port differs from its NIC"]),
    "the pairs of a port": (let_port_send_more, ["port differs from its NIC"]),
    "one more address": (give_another_address, ["addresses are not remembered"]),
    "the device of an interface": (give_to_another_device, ["interface of another device"]),
    "a tag": (lose_tag, ["interface without our tag"]),
    "an association": (lose_association, ["NIC without association"]),
    "an intent": (break_off, ["work that is broken off"]),
}


@pytest.mark.parametrize(
    ("damage", "told"), REPAIRABLE.values(), ids=[f"of {name}" for name in REPAIRABLE]
)
def test_damage_is_named_and_repaired(
    standing: NetApi, damage: Callable[[Scene], None], told: list[str]
) -> None:
    scene = a_scene(standing)
    assert audit(scene.api) == []
    damage(scene)
    assert names(audit(scene.api)) == told
    repaired = audit(scene.api, repair=True)
    assert names(repaired) == told
    assert [one.note for one in repaired if not one.repaired] == []
    assert audit(scene.api) == []
    standing.deallocate_for_instance(INSTANCE)
    standing.delete_network(scene.network_id)


def test_a_nic_that_is_made_whole_is_the_one_it_was(scene: Scene) -> None:
    before = scene.api.get_virtual_nic(scene.nic["id"])
    lose_port(scene)
    lose_interface(scene)
    audit(scene.api, repair=True)
    after = scene.api.get_virtual_nic(scene.nic["id"])
    assert (after.mac_address, after.fixed_ips) == (before.mac_address, before.fixed_ips)
    [port] = scene.api.l2.list_ports(device_id=INSTANCE)
    assert (port.mac_address, port.host) == (before.mac_address, "one")
    assert {ip.address for ip in before.fixed_ips} <= {pair.ip_address for pair in port.pairs}


def test_a_gateway_is_made_whole_as_others_are(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.5.1.0/24", routed=False)
    net_api.flow.start("create_gateway", {"network_id": network_id, "host": "one"})
    here = VIRTUAL_NICS.select().where(VIRTUAL_NICS.c.id == gateway_id(network_id))
    [before] = net_api.rows(here)
    assert audit(net_api) == []
    scene = Scene(net_api, network_id, before)
    lose_port(scene)
    lose_interface(scene)
    assert "NIC without port" in names(audit(net_api))
    assert [one.note for one in audit(net_api, repair=True) if not one.repaired] == []
    assert audit(net_api) == []
    [after] = net_api.rows(here)
    assert (after["mac_address"], after["addresses"]) == (
        before["mac_address"],
        before["addresses"],
    )


def test_addresses_that_are_no_nics_own_are_no_contradiction(scene: Scene) -> None:
    shared = scene.api.create_shared_address(scene.network_id, PROJECT, [scene.nic["id"]])
    assert shared.address in scene.api.allowed_addresses(scene.nic["id"])
    assert audit(scene.api) == []


# -- What a person has to decide


def take_address(scene: Scene) -> None:
    lose_address(scene)
    client = scene.api.melange.client
    client.ip_addresses.allocate(
        "default", scene.block_id, address=scene.address, interface_id=scene.elses
    )


def change_mac_of_interface(scene: Scene) -> None:
    here = VIRTUAL_NICS.update().where(VIRTUAL_NICS.c.id == scene.nic["id"])
    scene.change(here.values(mac_address="fa:16:3e:ff:ff:ff"))
    ports = L2_PORTS.update().where(L2_PORTS.c.id == scene.nic["port_id"])
    scene.change(ports.values(mac_address="fa:16:3e:ff:ff:ff"))
    pairs = [AddressPair(one["address"]) for one in scene.nic["addresses"]]
    scene.api.l2.update_port(scene.nic["port_id"], pairs=pairs)


def remember_an_address_twice(scene: Scene) -> None:
    other = new_nic(scene.api, scene.network_id, "instance-2")
    here = VIRTUAL_NICS.update().where(VIRTUAL_NICS.c.id == other["id"])
    scene.change(here.values(addresses=scene.nic["addresses"]))


def lose_l2_network(scene: Scene) -> None:
    scene.api.deallocate_for_instance(INSTANCE)
    scene.change(L2_NETWORKS.delete().where(L2_NETWORKS.c.id == scene.network_id))


UNDECIDED: dict[str, Callable[[Scene], None]] = {
    "NIC whose address is taken": take_address,
    "interface with another MAC address": change_mac_of_interface,
    "two NICs with one address": remember_an_address_twice,
    "network without layer 2 network": lose_l2_network,
}


@pytest.mark.parametrize(("told", "damage"), UNDECIDED.items(), ids=UNDECIDED)
def test_what_a_person_has_to_decide_is_told_and_left_alone(
    scene: Scene, told: str, damage: Callable[[Scene], None]
) -> None:
    damage(scene)
    [found, *_] = [one for one in audit(scene.api) if one.finding.kind.name == told]
    again = [one for one in audit(scene.api, repair=True) if one.finding == found.finding]
    assert [(one.repaired, one.note) for one in again] == [(False, found.finding.kind.repair)]
    assert found.finding.kind.repair.startswith("nothing: ")


def test_an_address_that_rests_is_not_had_back(scene: Scene, melange: MelangeServer) -> None:
    policy = melange.client.policies.create(
        "default", name="resting", keep_deallocated_ips_for_days=1
    )
    melange.client.ip_blocks.update("default", scene.block_id, policy_id=policy["id"])
    lose_interface(scene)
    notes = [one.note for one in audit(scene.api, repair=True) if not one.repaired]
    assert any(f"Melange does not give {scene.address} back: " in note for note in notes)
    # It is not taken from the instance behind its back.
    assert scene.address in [
        one.address for one in scene.api.get_virtual_nic(scene.nic["id"]).fixed_ips
    ]


def test_an_address_that_somebody_else_has_by_now_stays_his(scene: Scene) -> None:
    take_address(scene)
    audit(scene.api, repair=True)
    held = scene.api.melange.client.ip_addresses.show("default", scene.block_id, scene.address)
    assert held["interface_id"] == scene.elses
