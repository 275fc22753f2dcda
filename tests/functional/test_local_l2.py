"""The built-in layer 2 of netstack, on each kind of database."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator

import pytest

from netkit import migrations
from netkit.db import Database
from nova_netplugins.netstack import l2_errors
from nova_netplugins.netstack.l2 import L2Network, L2Port, NewNetwork, NewPort
from nova_netplugins.netstack.local_l2 import LocalL2
from tests.openstack.conftest import LINEAGE

MAC = "fa:16:3e:00:00:01"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database.from_url(database_url)
    migrations.upgrade(database, LINEAGE)
    yield database
    database.close()


@pytest.fixture
def l2(database: Database) -> LocalL2:
    return LocalL2(database, 101, 103)


def new_network() -> NewNetwork:
    return NewNetwork(str(uuid.uuid4()), "web", "red")


def test_the_migrations_give_what_the_models_say(database: Database) -> None:
    assert migrations.compare(database, LINEAGE) == []


def test_segments_are_given_out_once_until_there_are_none_and_come_back(l2: LocalL2) -> None:
    networks = [l2.create_network(new_network()) for _ in range(3)]
    assert sorted(network.segment or 0 for network in networks) == [101, 102, 103]
    with pytest.raises(l2_errors.NoMoreSegments, match="all segments from 101 to 103") as told:
        l2.create_network(new_network())
    assert told.value.status == 409
    l2.delete_network(networks[1].id)
    assert l2.create_network(new_network()).segment == networks[1].segment


def test_a_network_in_use_keeps_its_segment(l2: LocalL2) -> None:
    network = l2.create_network(new_network())
    port = l2.create_port(NewPort(network.id, MAC, "instance-1"))
    with pytest.raises(l2_errors.NetworkInUse):
        l2.delete_network(network.id)
    assert l2.get_network(network.id) == network
    assert l2.create_network(new_network()).segment != network.segment
    with pytest.raises(l2_errors.NetworkNotFound):
        l2.create_port(NewPort(str(uuid.uuid4()), MAC, "instance-1"))
    assert l2.list_ports() == [port]


def test_rivals_for_one_key_and_one_port_get_the_same(l2: LocalL2) -> None:
    wanted = new_network()
    got: list[tuple[L2Network, L2Port]] = []

    def make() -> None:
        network = l2.create_network(wanted)
        got.append((network, l2.create_port(NewPort(network.id, MAC, "instance-1"))))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [(l2.list_networks()[0], l2.list_ports()[0])] * 4
    others = [l2.create_network(new_network()).segment for _ in range(2)]
    assert sorted([got[0][0].segment, *others]) == [101, 102, 103]


def test_other_segments_than_those_there_are_refused_with_what_they_were(
    l2: LocalL2, database: Database
) -> None:
    l2.create_network(new_network())
    with pytest.raises(l2_errors.L2Misconfigured, match=r"is 101 to 103, not 1 to 9.*\[netstack\]"):
        LocalL2(database, 1, 9).create_network(new_network())


def test_segments_that_end_before_they_begin_are_told_with_both_options(
    database: Database,
) -> None:
    told = r"first_segment 50 is higher than last_segment 10; correct the options in \[netstack\]"
    with pytest.raises(l2_errors.L2Misconfigured, match=told):
        LocalL2(database, 50, 10).create_network(new_network())
