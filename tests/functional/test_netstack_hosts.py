"""Where the hosts of netstack's networks are, on each kind of database."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from oslo_config import cfg

from netkit import migrations
from netkit.db import Database
from nova_netplugins import errors, flat, plugin
from nova_netplugins.associations import Associations
from nova_netplugins.catalogue import Catalogue
from nova_netplugins.ethernet.rows import utcnow
from nova_netplugins.netstack import conf as options
from nova_netplugins.netstack import peers
from nova_netplugins.netstack.hosts import HostOperations, TunnelAddressInUse
from nova_netplugins.netstack.model import ACTIVE, BUILDING, COMPUTE, GATEWAY
from nova_netplugins.netstack.tables import NETWORKS, VIRTUAL_NICS
from tests.openstack.conftest import LINEAGE

NETWORKS_MADE = ("net-1", "net-2")


@dataclass
class Prompted:
    """Who was told."""

    networks: list[str] = field(default_factory=list)

    def nic_changed(self, nic_id: str, network_id: str | None, host: str | None) -> None:
        raise AssertionError("no NIC has changed")

    def network_changed(self, network_id: str) -> None:
        self.networks.append(network_id)

    def taken(self) -> list[str]:
        networks, self.networks = sorted(self.networks), []
        return networks


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database.from_url(database_url)
    migrations.upgrade(database, LINEAGE)
    rows = [
        {
            "id": network_id,
            "label": network_id,
            "priority": 0,
            "routed": True,
            "enable_dhcp": True,
            "adopted": False,
            "l2": {},
            "blocks": [],
            "state": ACTIVE,
            "created_at": utcnow(),
        }
        for network_id in NETWORKS_MADE
    ]
    database.run(lambda connection: connection.execute(NETWORKS.insert(), rows))
    yield database
    database.close()


@pytest.fixture
def prompted() -> Prompted:
    return Prompted()


@pytest.fixture
def operations(database: Database, prompted: Prompted) -> HostOperations:
    conf = cfg.ConfigOpts()
    options.register(conf)
    conf([], project="nova-netplugins", default_config_files=[])
    conf.set_override("l2_driver", "local", "netstack")
    service = flat.network_service(conf)
    associations = Associations(Catalogue((service,), service), database)
    return HostOperations(plugin.ApiContext(conf, database, associations, prompted))


def nic(operations: HostOperations, network_id: str, host: str, **values: str) -> str:
    made = {
        "id": str(uuid.uuid4()),
        "network_id": network_id,
        "project_id": "red",
        "purpose": COMPUTE,
        "host": host,
        "status": plugin.DOWN,
        "default_route": True,
        "port_security": True,
        "state": ACTIVE,
        "addresses": [],
        "allowed": [],
        "created_at": utcnow(),
        **values,
    }
    operations.run(lambda connection: connection.execute(VIRTUAL_NICS.insert().values(made)))
    return str(made["id"])


def test_the_peers_of_a_network_are_the_hosts_that_have_a_nic_of_it(
    operations: HostOperations,
) -> None:
    for number in (3, 2, 1):
        operations.register_tunnel(f"host{number}", f"192.0.2.{number}")
    nic(operations, "net-1", "host1")
    nic(operations, "net-1", "host1")
    nic(operations, "net-1", "host2", purpose=GATEWAY)
    nic(operations, "net-1", "host3", state=BUILDING)
    nic(operations, "net-2", "host-without-tunnels")
    assert peers.of_networks(operations, NETWORKS_MADE) == {
        "net-1": ["192.0.2.1", "192.0.2.2"],
        "net-2": [],
    }


def test_the_host_that_serves_a_network_is_a_peer_of_its_others(
    operations: HostOperations, prompted: Prompted
) -> None:
    changed = NETWORKS.update().where(NETWORKS.c.id == "net-1").values(host="network-host")
    operations.run(lambda connection: connection.execute(changed))
    operations.register_tunnel("network-host", "192.0.2.9")
    assert prompted.taken() == ["net-1"]
    nic(operations, "net-1", "network-host")
    assert peers.of_networks(operations, ["net-1"]) == {"net-1": ["192.0.2.9"]}


def test_a_new_address_of_a_host_is_told_once_to_those_of_its_networks(
    operations: HostOperations, prompted: Prompted
) -> None:
    nic(operations, "net-1", "host1")
    nic(operations, "net-1", "host1")
    nic(operations, "net-2", "host2")
    for _ in range(2):
        operations.register_tunnel("host1", "2001:DB8::1")
    assert prompted.taken() == ["net-1"]
    operations.register_tunnel("host1", "2001:db8::2")
    assert prompted.taken() == ["net-1"]
    assert peers.of_networks(operations, ["net-1"]) == {"net-1": ["2001:db8::2"]}


def test_two_hosts_do_not_have_the_same_address(
    operations: HostOperations, prompted: Prompted
) -> None:
    nic(operations, "net-1", "host1")
    operations.register_tunnel("host1", "127.0.0.1")
    for _ in range(2):
        with pytest.raises(TunnelAddressInUse, match="127.0.0.1.* is that of host host1"):
            operations.register_tunnel("host2", "127.0.0.1")
    operations.register_tunnel("host2", "192.0.2.2")
    with pytest.raises(TunnelAddressInUse, match="127.0.0.1.* is that of host host1"):
        operations.register_tunnel("host2", "127.0.0.1")
    assert peers.of_networks(operations, ["net-1"]) == {"net-1": ["127.0.0.1"]}


def test_a_host_that_is_gone_holds_no_address(operations: HostOperations) -> None:
    operations.register_tunnel("former-name", "192.0.2.1")
    operations.register_tunnel("new-name", "192.0.2.1")
    nic(operations, "net-1", "new-name")
    assert peers.of_networks(operations, ["net-1"]) == {"net-1": ["192.0.2.1"]}


@pytest.mark.parametrize("address", ["host1", "192.0.2.1/24", "0.0.0.0", "224.0.0.1"])
def test_what_is_no_address_of_a_host_is_refused(operations: HostOperations, address: str) -> None:
    with pytest.raises(errors.InvalidAddress, match=address):
        operations.register_tunnel("host1", address)


def test_the_first_and_the_last_nic_of_a_host_are_told_to_the_other_hosts(
    operations: HostOperations,
) -> None:
    def changed(*places: tuple[str, str | None]) -> list[str]:
        return operations.run(peers.changed, operations, places)

    places = [("net-1", "host1"), ("net-1", None), ("net-1", "host1")]
    nic(operations, "net-1", "host1")
    assert changed(*places) == ["net-1"]
    nic(operations, "net-1", "host1")
    assert changed(*places) == []
    assert changed(("net-1", "host2"), ("net-2", "host1")) == ["net-1", "net-2"]
