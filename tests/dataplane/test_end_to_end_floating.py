"""Floating addresses of instances, as somebody outside sees them."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from nova_netplugins.host.namespaces import socket_in
from tests.dataplane import cloud as clouds
from tests.dataplane.cloud import PATIENCE, Cloud
from tests.dataplane.instances import Instance
from tests.dataplane.net_api import Row
from tests.dataplane.topology import eventually, is_cut_off, reaches, shell

pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with clouds.running() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def network(cloud: Cloud) -> Row:
    return cloud.make_network("flat_dhcp", cidr="10.0.0.0/24")


@pytest.fixture(scope="module")
def pair(cloud: Cloud, network: Row) -> list[Instance]:
    pair = [cloud.boot(name, "flat_dhcp", network) for name in ("one", "two")]
    for instance in pair:
        instance.ask_dhcp()
    return pair


def leads_to(instance: Instance, cloud: Cloud, address: str) -> bool:
    """Whether it is this instance that answers at the address."""
    listener = socket_in(instance.netns, socket.AF_INET, socket.SOCK_STREAM)
    with listener, socket_in(cloud.world, socket.AF_INET, socket.SOCK_STREAM) as client:
        listener.bind(("", 7))
        listener.listen()
        client.settimeout(1)
        return client.connect_ex((address, 7)) == 0


def test_without_one_an_instance_leaves_as_the_host(cloud: Cloud, pair: list[Instance]) -> None:
    assert cloud.source_of(pair[0]) == cloud.address_of(cloud.node)


def test_it_reaches_its_instance_moves_and_is_taken_away(
    cloud: Cloud, pair: list[Instance]
) -> None:
    one, two = pair
    floating = cloud.make_floating("flat_dhcp")
    assert is_cut_off(cloud.world, floating)

    cloud.associate("flat_dhcp", floating, one)
    assert eventually(lambda: reaches(cloud.world, floating), PATIENCE)
    assert leads_to(one, cloud, floating)
    assert cloud.source_of(one) == floating
    assert reaches(two.netns, floating)

    cloud.associate("flat_dhcp", floating, two)
    assert eventually(lambda: leads_to(two, cloud, floating), PATIENCE)
    assert not leads_to(one, cloud, floating)
    assert cloud.source_of(one) == cloud.address_of(cloud.node)

    cloud.disassociate("flat_dhcp", floating)
    assert eventually(lambda: is_cut_off(cloud.world, floating), PATIENCE)
    assert cloud.source_of(two) == cloud.address_of(cloud.node)


def test_connections_end_with_the_association(cloud: Cloud, pair: list[Instance]) -> None:
    floating = cloud.make_floating("flat_dhcp")
    cloud.associate("flat_dhcp", floating, pair[0])
    assert eventually(lambda: reaches(cloud.world, floating), PATIENCE)
    listener = socket_in(pair[0].netns, socket.AF_INET, socket.SOCK_STREAM)
    with listener, socket_in(cloud.world, socket.AF_INET, socket.SOCK_STREAM) as client:
        listener.bind(("", 8080))
        listener.listen()
        client.settimeout(5)
        client.connect((floating, 8080))
        with listener.accept()[0] as accepted:
            accepted.settimeout(1)
            client.sendall(b"before")
            assert accepted.recv(16) == b"before"
            cloud.disassociate("flat_dhcp", floating)
            assert eventually(lambda: is_cut_off(cloud.world, floating), PATIENCE)
            client.sendall(b"after")
            with pytest.raises(TimeoutError):
                accepted.recv(16)


def test_ten_of_them_outlive_the_daemons(cloud: Cloud, network: Row, pair: list[Instance]) -> None:
    instances = [cloud.boot(f"f{n}", "flat_dhcp", network) for n in range(10)]
    late, *floating = [cloud.make_floating("flat_dhcp") for _ in range(11)]
    for address, instance in zip(floating, instances, strict=True):
        instance.configure(gateway=network["gateway"])
        cloud.associate("flat_dhcp", address, instance)
    assert eventually(lambda: all(reaches(cloud.world, address) for address in floating), PATIENCE)
    for end in (cloud.node.stop, cloud.node.kill):
        end("service", "agent")
        shell(cloud.world, "ip neighbour flush all")
        assert all(reaches(cloud.world, address) for address in floating)
        cloud.node.start("service", "agent")
        cloud.associate("flat_dhcp", late, pair[0])
        assert eventually(lambda: reaches(cloud.world, late), PATIENCE)
        assert all(reaches(cloud.world, address) for address in floating)
        cloud.disassociate("flat_dhcp", late)
        assert eventually(lambda: is_cut_off(cloud.world, late), PATIENCE)
