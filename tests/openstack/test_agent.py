"""Neutron's own Open vSwitch agent wires the ports that netstack asks Neutron for."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from nova_netplugins.host.driver import LinuxHost
from nova_netplugins.netstack.l2 import AddressPair, L2Network, L2Port, NewNetwork, NewPort
from nova_netplugins.netstack.quantum import Quantum
from tests.dataplane import cloud as clouds
from tests.dataplane.cloud import HOST_ADDRESSES, PATIENCE, Cloud
from tests.dataplane.topology import is_cut_off, reaches, shell
from tests.eventually import eventually
from tests.functional.installed import INSTALL_AND_TEST_SECONDS
from tests.openstack.agent import Switched, switched
from tests.openstack.conftest import quantum_at

pytestmark = [pytest.mark.root, pytest.mark.timeout(INSTALL_AND_TEST_SECONDS)]

_serial = itertools.count(1)


@dataclass(frozen=True)
class Guest:
    """``netns``: the instance. ``tap``: its port on the host."""

    netns: str
    tap: str
    port: L2Port


Boot = Callable[[L2Network, str], Guest]


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with clouds.prepared() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def neutron(cloud: Cloud) -> Iterator[Switched]:
    node = cloud.node
    (home := cloud.directory / "l2").mkdir()
    with switched(node.machine, node.name, HOST_ADDRESSES[0], home) as neutron:
        yield neutron


@pytest.fixture(scope="module")
def quantum(neutron: Switched) -> Quantum:
    return quantum_at(neutron.url)


@pytest.fixture
def network(quantum: Quantum) -> L2Network:
    return quantum.create_network(NewNetwork(str(uuid.uuid4()), "web", "red"))


@pytest.fixture
def boot(cloud: Cloud, neutron: Switched, quantum: Quantum) -> Boot:
    """An instance on that network with that address; its port is in the agent's bridge."""
    host = LinuxHost(cloud.node.machine.netns, neutron.database)

    def boot(network: L2Network, address: str) -> Guest:
        number = next(_serial)
        netns = cloud.namespaces.make(f"i{number}")
        wanted = NewPort(
            network.id,
            f"fa:16:3e:00:00:{number:02x}",
            f"instance-{number}",
            project_id="red",
            host=cloud.node.name,
            pairs=[AddressPair(address)],
        )
        port = quantum.create_port(wanted)
        tap = f"tap{port.id[:11]}"
        host.links.ensure_veth(tap, "eth0", "test", peer_netns=netns)
        shell(netns, f"ip link set eth0 address {port.mac_address}")
        shell(netns, f"ip address add {address}/24 dev eth0")
        ids = {"iface-id": port.id, "attached-mac": port.mac_address, "iface-status": "active"}
        host.switch.ensure_integration_port("br-int", tap, "test", ids)
        eventually(
            lambda: quantum.get_port(port.id).status == "ACTIVE", f"{port} is ACTIVE", PATIENCE
        )
        return Guest(netns, tap, port)

    return boot


def test_the_agent_is_alive(neutron: Switched) -> None:
    assert neutron.agents() == {"h1": True}


def test_instances_of_a_network_reach_each_other_and_no_other_of_the_same_addresses(
    neutron: Switched, quantum: Quantum, network: L2Network, boot: Boot
) -> None:
    other = quantum.create_network(NewNetwork(str(uuid.uuid4()), "web", "blue"))
    one, two = boot(network, "10.0.0.1"), boot(network, "10.0.0.2")
    stranger = boot(other, "10.0.0.3")
    assert neutron.tag_of(one.tap) == neutron.tag_of(two.tap) is not None
    assert neutron.tag_of(stranger.tap) not in (None, neutron.tag_of(one.tap))
    assert reaches(one.netns, "10.0.0.2")
    assert is_cut_off(stranger.netns, "10.0.0.2")


def test_an_address_of_no_pair_is_dropped_on_the_wire_until_the_port_gets_it(
    quantum: Quantum, network: L2Network, boot: Boot
) -> None:
    one, two = boot(network, "10.0.0.1"), boot(network, "10.0.0.2")
    shell(one.netns, "ip address add 10.0.0.9/24 dev eth0")
    assert reaches(two.netns, "10.0.0.1")
    assert is_cut_off(two.netns, "10.0.0.9")
    quantum.update_port(one.port.id, pairs=[AddressPair("10.0.0.1"), AddressPair("10.0.0.9")])
    eventually(lambda: reaches(two.netns, "10.0.0.9"), "the address works", PATIENCE)


def test_a_port_that_is_gone_in_neutron_is_cut_off(
    quantum: Quantum, network: L2Network, boot: Boot
) -> None:
    one, two = boot(network, "10.0.0.1"), boot(network, "10.0.0.2")
    assert reaches(two.netns, "10.0.0.1")
    quantum.delete_port(one.port.id)
    eventually(lambda: is_cut_off(two.netns, "10.0.0.1"), "it is cut off", PATIENCE)


def test_a_host_without_an_agent_cannot_bind(quantum: Quantum, network: L2Network) -> None:
    wanted = NewPort(network.id, "fa:16:3e:00:01:00", "instance-1", host="h2")
    assert quantum.create_port(wanted).binding_failed
