"""Two hosts with a wire between them: networks served on each, and networks served on one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dataplane import cloud as clouds
from tests.dataplane.cloud import PATIENCE, Cloud
from tests.dataplane.instances import Instance
from tests.dataplane.net_api import Row
from tests.dataplane.topology import reaches, shell
from tests.eventually import eventually

pytestmark = pytest.mark.root

WIRES = ("eth1", "eth2")


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with clouds.prepared(hosts=2) as cloud:
        first, second = (node.machine.netns for node in cloud.nodes)
        for wire in WIRES:
            shell(first, f"ip link add {wire} type veth peer name {wire} netns {second}")
        cloud.start()
        yield cloud


def boot_on_each(cloud: Cloud, name: str, network: Row) -> list[Instance]:
    return [
        cloud.boot(f"{name}-{node.name}", "flat_dhcp", network, node=node) for node in cloud.nodes
    ]


def test_each_host_serves_its_own_instances_of_a_multi_host_network(cloud: Cloud) -> None:
    network = cloud.make_network(
        "flat_dhcp", cidr="10.0.1.0/24", multi_host=True, bridge="br1", bridge_interface=WIRES[0]
    )
    pair = boot_on_each(cloud, "multi", network)
    leases = [instance.ask_dhcp() for instance in pair]
    assert [lease["ip"] for lease in leases] == [instance.address for instance in pair]
    assert leases[0]["serverid"] != leases[1]["serverid"]
    for lease, instance, node in zip(leases, pair, cloud.nodes, strict=True):
        assert lease["router"] == lease["serverid"]
        assert cloud.source_of(instance) == cloud.address_of(node)
    assert reaches(pair[0].netns, pair[1].address)

    floating = cloud.make_floating("flat_dhcp")
    cloud.associate("flat_dhcp", floating, pair[1])
    eventually(
        lambda: reaches(cloud.world, floating), f"{floating} leads to its instance", PATIENCE
    )
    assert cloud.source_of(pair[1]) == floating
    # On the host of the instance, and on no other.
    cloud.nodes[0].kill(*clouds.DAEMONS)
    shell(cloud.nodes[0].machine.netns, "ip link set eth1 down")
    assert reaches(cloud.world, floating)
    shell(cloud.nodes[0].machine.netns, "ip link set eth1 up")
    cloud.nodes[0].start(*clouds.DAEMONS)


def test_one_host_serves_the_instances_of_all_where_the_network_is_not_multi_host(
    cloud: Cloud,
) -> None:
    network = cloud.make_network(
        "flat_dhcp", cidr="10.0.2.0/24", bridge="br2", bridge_interface=WIRES[1]
    )
    pair = boot_on_each(cloud, "single", network)
    for instance in pair:
        lease = instance.ask_dhcp()
        assert (lease["ip"], lease["serverid"]) == (instance.address, network["gateway"])
        assert reaches(instance.netns, network["gateway"])
    assert reaches(pair[0].netns, pair[1].address)
    router = f"nnp-{network['id'][:11]}"
    serving = [node.name for node in cloud.nodes if router in node.machine.run("ip", "netns")]
    host = cloud.api.get(f"/flat_dhcp/networks/{network['id']}")["network"]["host"]
    assert serving == [host]


def test_a_host_without_instances_of_a_multi_host_network_has_nothing_of_it(cloud: Cloud) -> None:
    network = cloud.make_network("flat_dhcp", cidr="10.0.3.0/24", multi_host=True, bridge="br3")
    other, node = cloud.nodes
    instance = cloud.boot("alone", "flat_dhcp", network, node=node)
    assert instance.ask_dhcp()["ip"] == instance.address
    router = f"nnp-{network['id'][:11]}"
    path = f"/flat_dhcp/fixed_ips?network_id={network['id']}"
    assert router in node.machine.run("ip", "netns")
    assert router not in other.machine.run("ip", "netns")
    assert {row["host"] for row in cloud.api.get(path)["fixed_ips"]} == {None, node.name}

    cloud.api.delete(f"/flat_dhcp/virtual_nics/{instance.nics[0]['id']}")
    eventually(
        lambda: router not in node.machine.run("ip", "netns"), "the router is gone", PATIENCE
    )
    eventually(
        lambda: not cloud.api.get(path)["fixed_ips"], "the host's own address is free", PATIENCE
    )
