"""netstack as its users see it: real daemons on two hosts, a real Melange, real packets."""

from __future__ import annotations

import contextlib
import functools
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nova_netplugins.host import namespaces as netns_tools
from nova_netplugins.host.router import Names
from tests.dataplane import dhcp6_client, netstack_cloud
from tests.dataplane.cloud import DAEMONS, PATIENCE, WORLD_ADDRESS, Cloud, Node
from tests.dataplane.fake_nova import SECRET, FakeNova
from tests.dataplane.instances import Instance
from tests.dataplane.net_api import Row, ask
from tests.dataplane.netstack_cloud import Beside
from tests.dataplane.topology import is_cut_off, pinging, reaches
from tests.eventually import eventually

pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def nova() -> Iterator[FakeNova]:
    """Its port is known, but nobody listens there yet."""
    nova = FakeNova()
    nova.stop()
    yield nova
    nova.stop()


@pytest.fixture(scope="module")
def beside(nova: FakeNova) -> Iterator[Beside]:
    def prepare(cloud: Cloud) -> None:
        where = {"metadata_host": "127.0.0.1", "metadata_port": nova.port}
        cloud.configure("gateway", **where, metadata_proxy_shared_secret=SECRET)

    with netstack_cloud.running(2, ("vlan", "netstack"), prepare) as beside:
        yield beside


@pytest.fixture(scope="module")
def network(beside: Beside) -> Row:
    return beside.make_network("red", "10.0.0.0/24", "fd00:1::/64")


@pytest.fixture(scope="module")
def pair(beside: Beside, network: Row) -> list[Instance]:
    """An instance on each host."""
    nodes = zip(("one", "two"), beside.cloud.nodes, strict=True)
    return [
        beside.cloud.boot(name, "netstack", network, project="red", node=node)
        for name, node in nodes
    ]


def test_instances_get_the_addresses_of_melange_and_reach_each_other_and_the_world(
    beside: Beside, pair: list[Instance]
) -> None:
    for instance in pair:
        duid = dhcp6_client.duid_of(instance.nics[0]["mac_address"])
        v4, v6 = instance.addresses
        assert instance.ask_dhcp()["ip"] == v4
        answer = dhcp6_client.request(instance.netns, "eth0", duid, 20)
        assert answer is not None and answer.addresses == [v6]
        instance.shell(f"ip address add {v6}/64 dev eth0")
    one, two = pair
    for address in (*two.addresses, "10.0.0.1", "fd00:1::1", WORLD_ADDRESS):
        eventually(functools.partial(reaches, one.netns, address), address, PATIENCE)
    known = {row["address"] for row in held(beside, one, two)}
    assert known == {*one.addresses, *two.addresses}


def held(beside: Beside, *instances: Instance) -> list[Row]:
    """What Melange says that the instances have."""
    found = [
        beside.ipam.ok("GET", f"/allocated_ip_addresses?used_by_device={instance.id}")
        for instance in instances
    ]
    short = netstack_cloud.short
    return [
        {**row, "address": short(row["address"])} for one in found for row in one["ip_addresses"]
    ]


def test_an_instance_reaches_novas_metadata_as_itself(
    beside: Beside, network: Row, pair: list[Instance], nova: FakeNova
) -> None:
    one = pair[0]
    one.configure(gateway="10.0.0.1")
    [server] = serving_nodes(beside, network)
    with netns_tools.entered(server.machine.netns):
        nova.start()
    eventually(lambda: asked(one) is not None, "metadata is answered", PATIENCE, 0.1)
    headers = dict(asked(one)["headers"])
    assert (headers["X-Instance-ID"], headers["X-Tenant-ID"]) == (one.id, "red")


def asked(instance: Instance) -> Any:
    """What Nova was asked; None if it did not answer."""
    status, answer = ask(instance.netns, "169.254.169.254", "/latest/meta-data/")
    return answer if status == 201 else None


def serving_nodes(beside: Beside, network: Row) -> list[Node]:
    port = Names(network["id"]).inside_port
    return [node for node in beside.cloud.nodes if node.machine.host.links.exists(port)]


def test_a_floating_address_leads_in_and_out(beside: Beside, pair: list[Instance]) -> None:
    cloud, (one, two) = beside.cloud, pair
    for instance in pair:
        instance.configure(gateway="10.0.0.1")
    floating = beside.make_floating("red")
    assert is_cut_off(cloud.world, floating)
    cloud.associate("netstack", floating, one)
    eventually(lambda: reaches(cloud.world, floating), floating, PATIENCE)
    assert cloud.source_of(one) == floating
    assert cloud.source_of(two) != floating
    cloud.disassociate("netstack", floating)
    eventually(lambda: is_cut_off(cloud.world, floating), f"{floating} is free", PATIENCE)


def test_a_subnet_that_is_added_later_is_served(beside: Beside, network: Row) -> None:
    cloud = beside.cloud
    path = f"/netstack/networks/{network['id']}/subnets"
    cloud.api.post(path, {"subnet": {"cidr": "10.0.9.0/24"}})
    nics = beside.allocate("red", network, addresses=["10.0.9.77"])
    late = cloud.make_instance("late", nics, cloud.node)
    late.make_taps()
    late.wait_until_active()
    lease = late.ask_dhcp()
    assert lease["ip"] == "10.0.9.77"
    assert reaches(late.netns, "10.0.9.1")
    assert reaches(late.netns, WORLD_ADDRESS)


def test_a_block_that_somebody_gives_the_network_in_melange_is_used(beside: Beside) -> None:
    network = beside.make_network("red", label="slaac")
    policy = {"name": "by MAC address", "ipv6_generator": "rfc2462"}
    made = beside.ipam.ok("POST", "/tenants/red/policies", {"policy": policy})["policy"]
    block: Row = {"type": "private", "cidr": "fd00:5::/64", "gateway": "fd00:5::1"}
    block |= {"network_id": network["id"], "policy_id": made["id"], "tags": ["slaac"]}
    beside.ipam.ok("POST", "/tenants/red/ip_blocks", {"ip_block": block})
    eventually(
        lambda: beside.cloud.api.get(f"/netstack/networks/{network['id']}")["network"]["subnets"],
        "net-api knows the block",
        PATIENCE,
    )
    instance = beside.cloud.boot("six", "netstack", network, project="red")
    address = instance.address
    eventually(
        lambda: f"{address}/64" in instance.shell("ip -6 address show dev eth0 -tentative"),
        f"it makes {address}",
        PATIENCE,
    )
    assert reaches(instance.netns, "fd00:5::1")


def test_drift_is_shown_and_repaired(beside: Beside) -> None:
    network = beside.make_network("red", "10.7.0.0/24", label="drifting")
    instance = beside.cloud.boot("drifting", "netstack", network, project="red")
    address, mac = instance.address, instance.nics[0]["mac_address"]
    served = f"{mac},{address},"
    eventually(lambda: served in hosts(beside, network), "it is served", 2 * PATIENCE, 0.1)
    for file in hosts_files(beside, network):
        file.write_text(file.read_text().replace(address, "10.7.0.99"))
    eventually(lambda: served in hosts(beside, network), "that is repaired", PATIENCE, 0.1)
    wanted = f"1 missing ({address} of {mac}); 1 extra (10.7.0.99 to {mac})"
    eventually(lambda: drift(beside, network) == wanted, wanted, PATIENCE, 0.1)
    shown = status(beside, network)
    assert (shown["drift"], shown["driver"]) == (wanted, "dnsmasq")
    assert instance.ask_dhcp()["ip"] == address

    [block] = beside.blocks(network)
    block_path = f"/tenants/red/ip_blocks/{block['id']}"
    beside.ipam.ok("DELETE", f"{block_path}/ip_addresses/{address}")
    eventually(lambda: mac not in hosts(beside, network), "it is served no more", PATIENCE, 0.1)
    extra = f"1 extra ({address} to {mac})"
    eventually(lambda: drift(beside, network) == extra, extra, PATIENCE, 0.1)


def hosts(beside: Beside, network: Row) -> str:
    texts = []
    for file in hosts_files(beside, network):
        # What was added goes when all is written anew.
        with contextlib.suppress(FileNotFoundError):
            texts.append(file.read_text())
    return "".join(texts)


def hosts_files(beside: Beside, network: Row) -> list[Path]:
    """What dnsmasq reads, on whichever host."""
    states = [node.config.parent / "networks/netstack/networks" for node in beside.cloud.nodes]
    of_network = [state / network["id"] for state in states]
    return [file for one in of_network for file in (*one.glob("hosts"), *one.glob("hosts.d/*"))]


def drift(beside: Beside, network: Row) -> str | None:
    """What was found last, as net-api keeps it."""
    database = beside.cloud.node.config.parent / "nova-netplugins.sqlite"
    query = "select drift from netstack_dhcp_reports where network_id = ?"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        row = connection.execute(query, (network["id"],)).fetchone()
    return None if row is None else row[0]


def status(beside: Beside, network: Row) -> dict[str, Any]:
    """What an operator is shown."""
    told = beside.manage("dhcp", "status", "--network", network["id"], "--format", "json")
    [row] = json.loads(told)
    shown: dict[str, Any] = row
    return shown


def test_projects_with_the_same_addresses_know_nothing_of_each_other(beside: Beside) -> None:
    cidr = "10.44.0.0/24"
    networks = {
        "red": ("netstack", beside.make_network("red", cidr, label="same")),
        "blue": ("netstack", beside.make_network("blue", cidr, label="same")),
        "vlan": ("vlan", beside.cloud.make_network("vlan", cidr=cidr, project_id="vlan", vlan=44)),
    }
    # Without a wire between the hosts, it is served where its instances are.
    here = {"network": {"host": beside.cloud.node.name}}
    beside.cloud.api.put(f"/vlan/networks/{networks['vlan'][1]['id']}", here)
    pairs = {
        project: [
            beside.cloud.boot(f"{project}{number}", service, network, project=project)
            for number in range(2)
        ]
        for project, (service, network) in networks.items()
    }
    for pair in pairs.values():
        for instance in pair:
            assert instance.ask_dhcp()["ip"] == instance.address
    addresses = [[one.address for one in pair] for pair in pairs.values()]
    assert addresses[0] == addresses[1] == addresses[2]
    for silent, others in ((pair, set(pairs) - {project}) for project, pair in pairs.items()):
        for pair in pairs.values():
            assert reaches(pair[0].netns, pair[1].address)
        silent[1].shell("ip link set eth0 down")
        for pair in pairs.values():
            pair[0].shell("ip neighbour flush all")
        assert is_cut_off(silent[0].netns, silent[1].address)
        for project in others:
            assert reaches(pairs[project][0].netns, pairs[project][1].address)
        silent[1].shell("ip link set eth0 up")


def test_daemons_that_are_killed_leave_the_hosts_talking_and_take_up_their_work(
    beside: Beside, network: Row, pair: list[Instance]
) -> None:
    cloud, (one, two) = beside.cloud, pair
    for instance in pair:
        instance.configure()
    eventually(lambda: reaches(one.netns, two.address), "they talk", PATIENCE)
    with pinging(one.netns, two.address) as lost:
        for node in cloud.nodes:
            node.kill(*DAEMONS)
        for node in cloud.nodes:
            node.start(*DAEMONS)
        three = cloud.boot("three", "netstack", network, project="red", node=cloud.nodes[1])
        assert three.ask_dhcp()["ip"] == three.address
        assert reaches(three.netns, one.address)
        assert lost() == 0


def test_another_host_takes_the_network_over(
    beside: Beside, network: Row, pair: list[Instance]
) -> None:
    cloud, path = beside.cloud, f"/netstack/networks/{network['id']}"
    for instance in pair:
        instance.configure(gateway="10.0.0.1")
    before = cloud.api.get(path)["network"]["host"]
    after = next(node.name for node in cloud.nodes if node.name != before)
    cloud.api.put(path, {"network": {"host": after}})
    eventually(
        lambda: [node.name for node in serving_nodes(beside, network)] == [after],
        f"{after} alone has the gateway",
        PATIENCE,
        0.1,
    )
    for instance in pair:
        eventually(functools.partial(reaches, instance.netns, WORLD_ADDRESS), "the world", PATIENCE)
        assert instance.ask_dhcp()["ip"] == instance.address
