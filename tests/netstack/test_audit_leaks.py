"""What is ours and belongs to nothing is named, and goes when it was known for long enough."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from nova_netplugins.netstack import melange_reclaim, suspects
from nova_netplugins.netstack.audit import Told, audit
from nova_netplugins.netstack.audit.kept import IN_USE, Kept
from nova_netplugins.netstack.audit.reclaim import reclaim
from nova_netplugins.netstack.l2 import NewNetwork, NewPort
from nova_netplugins.netstack.model import Block
from nova_netplugins.netstack.tables import INTENTS, NETWORKS, SUSPECTS, VIRTUAL_NICS
from nova_netplugins.plugin import InstanceRequest, RequestedNic
from tests.netstack.cloud import PROJECT, NetApi, network_of

MAC = "fa:16:3e:00:00:01"
OTHER_MAC = "fa:16:3e:00:00:02"


@pytest.fixture
def network_id(net_api: NetApi) -> str:
    """A network with one NIC, whose project is known."""
    return a_network(net_api)


def a_network(api: NetApi) -> str:
    network_id = network_of(api, "10.6.0.0/24")
    new_nic(api, network_id)
    return network_id


@pytest.fixture
def on_network(standing: NetApi) -> Iterator[str]:
    """The same, and nothing of it is left afterwards."""
    network_id = a_network(standing)
    yield network_id
    for nic in standing.list_virtual_nics(network_id=network_id):
        standing.delete_virtual_nic(nic.id)
    standing.delete_network(network_id)


def new_nic(api: NetApi, network_id: str) -> str:
    nics = (RequestedNic(network_id),)
    request = InstanceRequest(str(uuid.uuid4()), PROJECT, "one", nics=nics)
    return api.allocate_for_instance(request)[0].id


def names(told: object) -> list[str]:
    assert isinstance(told, list)
    return sorted({one.finding.kind.name for one in told})


def long_ago(api: NetApi) -> None:
    """What is suspected was seen an hour ago."""

    def earlier(connection: sa.Connection) -> None:
        for row in connection.execute(SUSPECTS.select()).all():
            here = SUSPECTS.update().where(SUSPECTS.c.object_id == row.object_id)
            first = row.first_seen - datetime.timedelta(hours=1)
            connection.execute(here.values(first_seen=first))

    api.run(earlier)


# -- Leaks: each makes one of ours, and says how to know whether it is there still

Leak = Callable[[NetApi, str], Callable[[], bool]]


def port(api: NetApi, network_id: str) -> Callable[[], bool]:
    name = api.deployment.port_name(str(uuid.uuid4()))
    made = api.l2.create_port(NewPort(network_id, MAC, "gone", name=name))
    return lambda: made.id in {one.id for one in api.l2.list_ports(device_id="gone")}


def second_port(api: NetApi, network_id: str) -> Callable[[], bool]:
    [nic, *_] = api.list_virtual_nics(network_id=network_id)
    name = api.deployment.port_name(nic.id)
    made = api.l2.create_port(NewPort(network_id, OTHER_MAC, "second", name=name))
    return lambda: made.id in {one.id for one in api.l2.list_ports(device_id="second")}


def interface(api: NetApi, network_id: str) -> Callable[[], bool]:
    id_ = str(uuid.uuid4())
    api.melange.create_interface(id_, PROJECT, "gone", None, api.deployment.tag, id_)
    return lambda: api.melange.find_interface(PROJECT, id_) is not None


def late_address(api: NetApi, network_id: str) -> Callable[[], bool]:
    """A request for addresses arrives after all was undone: Melange makes an interface for it."""
    id_ = str(uuid.uuid4())
    api.run(suspects.rolled_back, [id_])
    api.melange.client.networks.allocate("default", network_id, id_, tenant_id=PROJECT)
    return lambda: api.melange.find_interface(PROJECT, id_) is not None


def l2_network(api: NetApi, network_id: str) -> Callable[[], bool]:
    made = api.l2.create_network(NewNetwork(api.deployment.network_key("gone"), "gone"))
    return lambda: made.id in {one.id for one in api.l2.list_networks()}


def block(api: NetApi, network_id: str) -> Callable[[], bool]:
    id_, tag = str(uuid.uuid4()), api.deployment.tag
    wanted = Block("", "", 4, "10.77.0.0/24")
    made = api.melange.create_block("default", id_, wanted, id_, [tag])
    return lambda: made.id in {one.id for one in api.melange.blocks("default", id_)}


def association(api: NetApi, network_id: str) -> Callable[[], bool]:
    id_ = str(uuid.uuid4())
    given = ("gone", id_, PROJECT, api.name)
    api.run(lambda connection: api.associations.attach(connection, *given))
    return lambda: id_ in {one.virtual_nic_id for one in api.associations.attachments()}


def half_nic(api: NetApi, network_id: str) -> Callable[[], bool]:
    id_ = new_nic(api, network_id)
    half = VIRTUAL_NICS.update().where(VIRTUAL_NICS.c.id == id_).values(state="deleting")
    api.run(lambda connection: connection.execute(half))
    return lambda: api.melange.find_interface(PROJECT, id_) is not None


def half_network(api: NetApi, network_id: str) -> Callable[[], bool]:
    id_ = network_of(api, "10.78.0.0/24")
    half = NETWORKS.update().where(NETWORKS.c.id == id_).values(state="deleting")
    api.run(lambda connection: connection.execute(half))
    return lambda: bool(api.rows(NETWORKS.select().where(NETWORKS.c.id == id_)))


LEAKS: dict[str, Leak] = {
    "port without NIC": port,
    "second port of a NIC": second_port,
    "interface without NIC": interface,
    "address without NIC": late_address,
    "layer 2 network without network": l2_network,
    "block of a network that is gone": block,
    "association without NIC": association,
    "half a NIC": half_nic,
    "half a network": half_network,
}
every_leak = pytest.mark.parametrize(("told", "leak"), LEAKS.items(), ids=LEAKS)


@every_leak
def test_a_leak_goes_when_audits_have_known_it_for_long_enough(
    standing: NetApi, on_network: str, told: str, leak: Leak
) -> None:
    there = leak(standing, on_network)
    assert names(audit(standing)) == [told]
    [early] = audit(standing, repair=True)
    assert there() and not early.repaired
    assert early.note.startswith("it was seen too lately: not before ")
    long_ago(standing)
    assert names(audit(standing)) == [told]
    assert there(), "a dry run changed something"
    [done] = audit(standing, repair=True)
    assert done.repaired, done.note
    assert not there()
    assert audit(standing) == []


@every_leak
def test_what_an_intent_speaks_of_is_nobodys_leak(
    standing: NetApi, on_network: str, told: str, leak: Leak
) -> None:
    there = leak(standing, on_network)
    [found] = audit(standing)
    document = {"somewhere": [{"deep": found.finding.id, "nic": named_by(found, standing)}]}
    standing.run(lambda connection: connection.execute(INTENTS.insert().values(intent(document))))
    assert audit(standing) == []
    # Nor if it was written since an audit looked.
    with pytest.raises(Kept, match=IN_USE):
        reclaim(standing, found.finding)
    assert there()
    standing.run(lambda connection: connection.execute(INTENTS.delete()))
    assert names(audit(standing)) == [told]
    long_ago(standing)
    audit(standing, repair=True)


def named_by(found: Told, api: NetApi) -> str | None:
    """A block is spoken of by its network, a port by its NIC."""
    subject = found.finding.subject
    if hasattr(subject, "device_owner"):
        return api.deployment.nic_of(subject.name)
    return getattr(subject, "network_id", None)


def intent(document: object) -> dict[str, object]:
    later = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(hours=1)
    return {
        "id": str(uuid.uuid4()),
        "kind": "create_nic",
        "document": document,
        "direction": "forward",
        "worker": "somebody",
        "claimed_until": later,
        "attempts": 0,
        "created_at": later,
    }


# -- What is not taken away


def test_what_got_an_owner_since_is_left_alone(net_api: NetApi, network_id: str) -> None:
    nic_id = new_nic(net_api, network_id)
    [row] = net_api.rows(VIRTUAL_NICS.select().where(VIRTUAL_NICS.c.id == nic_id))
    here = VIRTUAL_NICS.c.id == nic_id
    net_api.run(lambda connection: net_api.associations.detach(connection, nic_id))
    net_api.run(lambda connection: connection.execute(VIRTUAL_NICS.delete().where(here)))
    assert names(audit(net_api)) == ["interface without NIC", "port without NIC"]
    long_ago(net_api)
    net_api.run(lambda connection: connection.execute(VIRTUAL_NICS.insert().values(dict(row))))
    assert names(audit(net_api, repair=True)) == ["NIC without association"]
    assert audit(net_api) == []
    assert net_api.rows(SUSPECTS.select()) == []


def test_what_is_of_others_is_not_ours(net_api: NetApi, network_id: str) -> None:
    """Of another netstack, or of nobody who says so."""
    id_, other = str(uuid.uuid4()), f"netstack:{uuid.uuid4()}"
    for number, name in enumerate((f"{other}:{id_}", "", id_)):
        mac = f"fa:16:3e:00:01:0{number}"
        net_api.l2.create_port(NewPort(network_id, mac, f"theirs-{number}", name=name))
    net_api.l2.create_network(NewNetwork(f"{uuid.uuid4()}:{id_}", "theirs"))
    net_api.l2.create_network(NewNetwork(id_, "theirs"))
    net_api.melange.create_interface(id_, PROJECT, "theirs", None, other, id_)
    net_api.melange.client.interfaces.create(PROJECT, id=f"plain-{id_}")
    wanted = Block("", "", 4, "10.79.0.0/24")
    net_api.melange.create_block("default", id_, wanted, f"block-{id_}", [other])
    net_api.melange.client.networks.allocate(
        "default", network_id, f"elses-{id_}", tenant_id=PROJECT
    )
    assert audit(net_api) == []
    assert net_api.rows(SUSPECTS.select()) == []


def test_an_interface_that_changed_since_it_was_looked_at_stays(
    net_api: NetApi, network_id: str
) -> None:
    interface(net_api, network_id)
    [found] = audit(net_api)
    looked = melange_reclaim.look_at_interface(net_api.melange, found.finding.subject)
    assert looked is not None
    net_api.melange.change_device(PROJECT, found.finding.id, "somebody")
    assert not melange_reclaim.delete_interface(net_api.melange, looked)
    assert net_api.melange.find_interface(PROJECT, found.finding.id) is not None


def test_a_block_whose_addresses_are_in_use_stays(net_api: NetApi, network_id: str) -> None:
    block(net_api, network_id)
    [found] = audit(net_api)
    long_ago(net_api)
    ours = found.finding.subject
    client = net_api.melange.client
    address = client.ip_addresses.allocate(ours.tenant_id, ours.id, interface_id=f"x-{ours.id}")
    [kept] = audit(net_api, repair=True)
    assert (kept.repaired, kept.note) == (
        False,
        "addresses of it are in use; release them first",
    )
    assert client.ip_addresses.show(ours.tenant_id, ours.id, address["address"])["interface_id"]


@pytest.mark.parametrize("moved", ["off its network", "to a network of others"])
def test_a_block_that_was_moved_stays(net_api: NetApi, network_id: str, moved: str) -> None:
    there = block(net_api, network_id)
    [found] = audit(net_api)
    to = None
    if moved == "to a network of others":
        to = net_api.l2.create_network(NewNetwork(str(uuid.uuid4()), "theirs")).id
    ours = found.finding.subject
    net_api.melange.client.ip_blocks.update(ours.tenant_id, ours.id, network_id=to)
    long_ago(net_api)
    [kept] = audit(net_api, repair=True)
    assert not kept.repaired and kept.note.startswith("somebody uses it for something else")
    assert net_api.melange.client.ip_blocks.show(ours.tenant_id, ours.id)["network_id"] == to
    assert not there()


def test_a_network_with_somebody_elses_port_stays(net_api: NetApi, network_id: str) -> None:
    there = l2_network(net_api, network_id)
    [found] = audit(net_api)
    long_ago(net_api)
    net_api.l2.create_port(NewPort(found.finding.id, MAC, "theirs", "compute:nova"))
    [kept] = audit(net_api, repair=True)
    assert there() and not kept.repaired and kept.note.startswith("ports are on it")


def test_a_network_whose_block_was_carved_goes_whole(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.6.0.0/24")
    [ours] = net_api.list_subnets(network_id)
    net_api.melange.client.subnets.create(ours.tenant_id, ours.id, "10.6.0.0/26")
    net_api.delete_network(network_id)
    assert audit(net_api) == []
    assert net_api.melange.blocks(ours.tenant_id, network_id) == []


def test_what_is_not_seen_any_more_is_not_suspected_any_more(
    net_api: NetApi, network_id: str
) -> None:
    port(net_api, network_id)
    [found] = audit(net_api)
    assert len(net_api.rows(SUSPECTS.select())) == 1
    net_api.l2.delete_port(found.finding.id)
    assert audit(net_api) == []
    assert net_api.rows(SUSPECTS.select()) == []
