"""Netstack on a host with Neutron's own Open vSwitch agent: the addresses are Melange's, the wire
is Neutron's, and instances have real packets."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from nova_netplugins.netstack.l2 import GATEWAY_OWNER, L2Port
from nova_netplugins.netstack.quantum import Quantum
from tests.dataplane import netstack_cloud
from tests.dataplane.cloud import PATIENCE, WORLD_ADDRESS, Cloud
from tests.dataplane.instances import Instance
from tests.dataplane.net_api import Row
from tests.dataplane.netstack_cloud import Beside
from tests.dataplane.topology import is_cut_off, reaches
from tests.eventually import eventually
from tests.functional.installed import INSTALL_AND_TEST_SECONDS
from tests.openstack.agent import Switched, switched
from tests.openstack.conftest import quantum_at

pytestmark = [pytest.mark.root, pytest.mark.timeout(INSTALL_AND_TEST_SECONDS)]


@dataclass(frozen=True)
class Clouds:
    """``beside``: netstack and Melange. ``neutron``: what is on their host of Neutron, which
    ``quantum`` asks."""

    beside: Beside
    neutron: Switched
    quantum: Quantum

    def network(self, project: str, label: str) -> Row:
        return self.beside.make_network(project, "10.0.0.0/24", label=label)

    def boot(self, name: str, network: Row) -> Instance:
        """An instance that has its address by DHCP."""
        project = str(network["project_id"])
        instance = self.beside.cloud.boot(name, "netstack", network, project=project)
        assert instance.ask_dhcp(attempts=60)["ip"] == instance.address
        return instance

    def port_of(self, instance: Instance) -> L2Port:
        return self.quantum.get_port(instance.nics[0]["attributes"]["port_id"])

    def vlan_of(self, instance: Instance) -> int | None:
        return self.neutron.tag_of(instance.nics[0]["device"])


@pytest.fixture(scope="module")
def clouds() -> Iterator[Clouds]:
    with contextlib.ExitStack() as stack:
        neutrons: list[Switched] = []

        def prepare(cloud: Cloud) -> None:
            node = cloud.node
            (home := cloud.directory / "l2").mkdir()
            there = switched(node.machine, node.name, cloud.address_of(node), home)
            neutrons.append(neutron := stack.enter_context(there))
            cloud.configure("DEFAULT", ovs_database=neutron.database)
            cloud.configure("quantum", auth_type="none", endpoint_override=neutron.url)

        running = netstack_cloud.running(prepare=prepare, l2_driver="quantum")
        beside, [neutron] = stack.enter_context(running), neutrons
        yield Clouds(beside, neutron, quantum_at(neutron.url))


@pytest.fixture(scope="module")
def network(clouds: Clouds) -> Row:
    return clouds.network("red", "web")


@pytest.fixture(scope="module")
def pair(clouds: Clouds, network: Row) -> list[Instance]:
    return [clouds.boot(name, network) for name in ("one", "two")]


def test_instances_have_the_addresses_of_melange_by_dhcp_and_reach_each_other_and_the_world(
    clouds: Clouds, pair: list[Instance]
) -> None:
    one, two = pair
    held = clouds.beside.ipam.ok("GET", f"/allocated_ip_addresses?used_by_device={one.id}")
    assert [row["address"] for row in held["ip_addresses"]] == [one.address]
    for address in (two.address, "10.0.0.1", WORLD_ADDRESS):
        # The agent may still hear who is in their security group.
        eventually(functools.partial(reaches, one.netns, address), address, PATIENCE)


def test_the_agent_wires_all_ports_of_the_network_in_one_vlan(
    clouds: Clouds, network: Row, pair: list[Instance]
) -> None:
    assert clouds.neutron.agents() == {"h1": True}
    ports = clouds.quantum.list_ports(network_id=network["id"])
    assert [port.device_owner for port in ports].count(GATEWAY_OWNER) == 1

    def statuses() -> list[str | None]:
        return [port.status for port in clouds.quantum.list_ports(network_id=network["id"])]

    eventually(lambda: statuses() == ["ACTIVE"] * 3, "all are ACTIVE", PATIENCE)
    one, two = map(clouds.vlan_of, pair)
    assert one == two is not None


def test_a_project_with_the_same_addresses_is_on_another_vlan_and_reaches_nobody(
    clouds: Clouds, pair: list[Instance]
) -> None:
    stranger = clouds.boot("stranger", clouds.network("blue", "web"))
    assert stranger.address == pair[0].address
    assert clouds.vlan_of(stranger) not in (None, clouds.vlan_of(pair[0]))
    assert reaches(stranger.netns, "10.0.0.1")
    assert is_cut_off(stranger.netns, pair[1].address)


def test_an_address_is_dropped_on_the_wire_until_melange_lets_the_nic_have_it(
    clouds: Clouds, network: Row, pair: list[Instance]
) -> None:
    one, two = pair
    api, path = clouds.beside.cloud.api, f"/netstack/networks/{network['id']}/shared_addresses"
    wanted = {"project_id": "red", "virtual_nic_ids": [two.nics[0]["id"]]}
    shared = api.post(path, {"shared_address": wanted})["shared_address"]["address"]
    one.shell(f"ip address add {shared}/24 dev eth0")
    assert is_cut_off(two.netns, shared)
    api.put(f"/netstack/virtual_nics/{one.nics[0]['id']}/allowed_addresses/{shared}", {})
    assert shared in [pair.ip_address for pair in clouds.port_of(one).pairs]
    eventually(lambda: reaches(two.netns, shared), f"{shared} works", PATIENCE)


def test_an_instance_that_is_deleted_leaves_nothing_at_neutron_and_on_the_bridge(
    clouds: Clouds, network: Row
) -> None:
    gone = clouds.boot("gone", network)
    port, device = clouds.port_of(gone), gone.nics[0]["device"]
    assert device in clouds.neutron.ports()
    gone.delete()
    assert port not in clouds.quantum.list_ports(network_id=network["id"])
    eventually(lambda: device not in clouds.neutron.ports(), f"{device} is gone", PATIENCE)
