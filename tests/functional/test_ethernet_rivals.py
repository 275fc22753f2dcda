"""Many who change the same networks, NICs and addresses at once, on each kind of database."""

from __future__ import annotations

import functools
import ipaddress
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nova_netplugins import errors
from nova_netplugins.cloud import Cloud
from nova_netplugins.ethernet.net_api import EthernetNetApi
from nova_netplugins.ethernet.specs import NetworkSpec
from nova_netplugins.plugin import InstanceRequest, RequestedNic, VirtualNic
from tests.api.ethernet.served import Prompted, at_once, open_cloud, upgrade, write_conf

ROUNDS = 10


@pytest.fixture
def cloud(database_url: str, tmp_path: Path) -> Iterator[Cloud]:
    settings = "[vlan]\nfixed_ip_disassociate_timeout = 0\n[flat]\nquota_fixed_ips = 3\n"
    with open_cloud(write_conf(tmp_path, database_url, settings)) as opened:
        upgrade(opened)
        yield opened


@pytest.fixture
def vlan(cloud: Cloud) -> EthernetNetApi:
    """Fixed addresses do not rest, so that all can be drawn again at once."""
    api = cloud.net_api("vlan", Prompted())
    assert isinstance(api, EthernetNetApi)
    return api


def make_network(api: EthernetNetApi, cidr: str, project: str = "p") -> str:
    [row] = api.create_networks(NetworkSpec(label="net", cidr=cidr, project_id=project))
    return str(row["id"])


def boot(api: EthernetNetApi, instance_id: str, project: str = "p", *networks: str) -> VirtualNic:
    wanted = tuple(RequestedNic(network) for network in networks)
    return api.allocate_for_instance(InstanceRequest(instance_id, project, nics=wanted))[0]


def errors_in(results: list[Any]) -> list[Exception]:
    return [result for result in results if isinstance(result, Exception)]


def drawn(api: EthernetNetApi) -> list[str]:
    return [row["address"] for row in api.drawn_addresses(None, None)]


@pytest.mark.parametrize("associated", [False, True])
def test_the_first_instances_of_a_project_share_one_network(
    cloud: Cloud, vlan: EthernetNetApi, associated: bool
) -> None:
    for project in ("p0", "p1") if associated else ():
        cloud.associations.associate(project, "vlan")
    jobs = [lambda n=number: boot(vlan, f"i{n}", f"p{n % 2}") for number in range(16)]
    nics = at_once(*jobs)
    assert errors_in(nics) == []
    networks = vlan.list_networks()
    assert sorted(str(network.project_id) for network in networks) == ["p0", "p1"]
    assert {nic.network_id for nic in nics} == {network.id for network in networks}
    assert len({nic.mac_address for nic in nics}) == 16


def test_free_networks_go_to_one_project_each(vlan: EthernetNetApi) -> None:
    vlan.create_networks(NetworkSpec("n", "10.1.0.0/16", num_networks=8, network_size=256))
    nics = at_once(*[lambda n=number: boot(vlan, f"i{n}", f"p{n}") for number in range(8)])
    assert errors_in(nics) == []
    assert len({nic.network_id for nic in nics}) == 8 == len(vlan.list_networks())


def test_networks_made_at_once_never_overlap_nor_share_a_vlan(vlan: EthernetNetApi) -> None:
    spec = NetworkSpec("n", "10.1.0.0/24", num_networks=2, network_size=32)
    results = at_once(*[lambda: vlan.create_networks(spec)] * 8)
    assert {type(error) for error in errors_in(results)} == {errors.CidrConflict}
    networks = vlan.list_networks()
    cidrs = [ipaddress.ip_network(network.subnets[0].cidr) for network in networks]
    assert sum(cidr.num_addresses for cidr in cidrs) == 256
    assert list(ipaddress.collapse_addresses(cidrs)) == [ipaddress.ip_network("10.1.0.0/24")]
    assert sorted(network.attributes["vlan"] for network in networks) == list(range(100, 108))


def test_a_network_is_never_deleted_under_a_nic(vlan: EthernetNetApi) -> None:
    outcomes: Counter[str] = Counter()
    for number in range(ROUNDS):
        network = make_network(vlan, f"10.{number}.0.0/24")
        jobs = [lambda n=n, network=network: boot(vlan, f"i{n}", "p", network) for n in range(3)]
        delete = functools.partial(vlan.delete_network, network, True)
        *booted, deleted = at_once(*jobs, delete)
        nics = [nic for nic in booted if isinstance(nic, VirtualNic)]
        if isinstance(deleted, Exception):
            assert isinstance(deleted, errors.NetworkInUse)
            assert len(nics) == 3
            outcomes["kept"] += 1
        else:
            assert {type(error) for error in errors_in(booted)} == {errors.NetworkNotFound}
            assert nics == []
            outcomes["deleted"] += 1
        for instance in range(3):
            vlan.deallocate_for_instance(f"i{instance}")
        assert drawn(vlan) == []
    assert outcomes.total() == ROUNDS


def test_a_network_never_changes_its_project_under_a_nic(vlan: EthernetNetApi) -> None:
    network = make_network(vlan, "10.1.0.0/24", "p0")
    for number in range(ROUNDS):
        here, there = f"p{number % 2}", f"p{1 - number % 2}"
        move = {"project_id": there}
        nic, moved = at_once(
            lambda here=here: boot(vlan, "i", here, network),
            lambda move=move: vlan.modify_network(network, move),
        )
        owner = vlan.get_network(network).project_id
        if isinstance(nic, VirtualNic):
            assert isinstance(moved, errors.NetworkInUse)
            assert owner == here
        else:
            assert isinstance(nic, errors.NetworkNotFound)
            assert owner == there
        vlan.deallocate_for_instance("i")
        vlan.modify_network(network, move)


def test_a_quota_holds_for_many_at_once(cloud: Cloud) -> None:
    cloud.associations.associate("p", "flat")
    flat = cloud.net_api("flat", Prompted())
    assert isinstance(flat, EthernetNetApi)
    network = make_network(flat, "10.1.0.0/24")
    results = at_once(
        *[lambda n=n: boot(flat, f"i{n}", "p", network) for n in range(6)],
        *[lambda: flat.create_port("p", network, None, None)] * 6,
    )
    assert {type(error) for error in errors_in(results)} == {errors.QuotaExceeded}
    assert (len(results) - len(errors_in(results)), len(drawn(flat))) == (3, 3)


def test_a_host_has_one_address_of_its_own_however_often_it_asks(vlan: EthernetNetApi) -> None:
    spec = NetworkSpec("n", "10.1.0.0/24", project_id="p", multi_host=True)
    [row] = vlan.create_networks(spec)
    for number in range(2):
        vlan.create_virtual_nic("p", row["id"], host=f"compute{number}")
    hosts = [f"compute{number % 2}" for number in range(12)]
    told = at_once(*[lambda host=host: vlan.describe_serving(host, row["id"]) for host in hosts])
    addresses = {(host, serving["address"]) for host, serving in zip(hosts, told, strict=True)}
    assert len(addresses) == 2 == len({address for _, address in addresses})
    assert len(drawn(vlan)) == 2 + 2
    for nic in vlan.list_virtual_nics(network_id=row["id"]):
        vlan.delete_virtual_nic(nic.id)
    assert at_once(*[lambda host=host: vlan.claim_networks(host) for host in hosts]) == [[]] * 12
    assert drawn(vlan) == []


def test_one_nic_deleted_by_many_is_deleted_once(vlan: EthernetNetApi) -> None:
    network = make_network(vlan, "10.1.0.0/24")
    for _ in range(ROUNDS):
        nic = boot(vlan, "i", "p", network)
        results = at_once(
            *[lambda nic=nic: vlan.delete_virtual_nic(nic.id)] * 3,
            *[lambda: vlan.deallocate_for_instance("i")] * 3,
        )
        assert {type(error) for error in errors_in(results)} <= {errors.VirtualNicNotFound}
        assert drawn(vlan) == []
    again = boot(vlan, "i", "p", network)
    assert again.fixed_ips[0].address == "10.1.0.2"


class TestFloatingAddresses:
    @pytest.fixture
    def lent(self, vlan: EthernetNetApi) -> str:
        make_network(vlan, "10.1.0.0/24")
        vlan.create_floating_range("198.51.100.7", None, None)
        boot(vlan, "first", "p")
        return vlan.allocate_floating_ip("p").address

    def race(self, vlan: EthernetNetApi, lent: str, *rivals: Callable[[VirtualNic], Any]) -> None:
        """Rivals and a deallocation, around a NIC that has the address."""
        known = (
            errors.FloatingIpNotAssociated,
            errors.FloatingIpNotFound,
            errors.FloatingIpInUse,
            errors.FixedIpNotFound,
            errors.VirtualNicNotFound,
        )
        for _ in range(ROUNDS):
            nic = boot(vlan, "i", "p")
            vlan.associate_floating_ip(lent, nic.fixed_ips[0].address, nic.id)
            jobs = [lambda rival=rival, nic=nic: rival(nic) for rival in rivals]
            *results, deallocated = at_once(*jobs, lambda: vlan.deallocate_for_instance("i"))
            assert deallocated is None
            for error in errors_in(results):
                assert isinstance(error, known), repr(error)
            floating = vlan.list_floating_ips("p")
            assert [row for row in floating if row.virtual_nic_id == nic.id] == []
            assert vlan.list_virtual_nics(instance_id="i") == []
            if not floating:
                vlan.allocate_floating_ip("p", address=lent)

    def test_association_against_deallocation(self, vlan: EthernetNetApi, lent: str) -> None:
        def associate(nic: VirtualNic) -> None:
            vlan.associate_floating_ip(lent, nic.fixed_ips[0].address, nic.id)

        self.race(vlan, lent, associate, associate)

    def test_disassociation_and_release_against_deallocation(
        self, vlan: EthernetNetApi, lent: str
    ) -> None:
        self.race(
            vlan,
            lent,
            lambda nic: vlan.disassociate_floating_ip(lent),
            lambda nic: vlan.release_floating_ip(lent),
            lambda nic: vlan.release_floating_ip(lent),
        )

    def test_one_moved_away_in_time_stays_where_it_is(
        self, vlan: EthernetNetApi, lent: str
    ) -> None:
        [other] = vlan.list_virtual_nics(instance_id="first")
        address = other.fixed_ips[0].address
        self.race(vlan, lent, lambda nic: vlan.associate_floating_ip(lent, address, other.id))
        [row] = vlan.list_floating_ips("p")
        assert (row.virtual_nic_id, row.fixed_address) == (other.id, address)

    def test_a_range_deleted_while_it_is_lent(self, vlan: EthernetNetApi, lent: str) -> None:
        for _ in range(ROUNDS):
            vlan.create_floating_range("203.0.113.0/30", "b", None)
            got, gone = at_once(
                lambda: vlan.allocate_floating_ip("p", "b"),
                lambda: vlan.delete_floating_range("203.0.113.0/30"),
            )
            if isinstance(got, Exception):
                assert isinstance(got, errors.FloatingPoolNotFound) and gone is None
                continue
            assert isinstance(gone, errors.FloatingIpInUse)
            vlan.release_floating_ip(got.address)
            vlan.delete_floating_range("203.0.113.0/30")


def test_64_threads_empty_a_network_and_fill_it_again(vlan: EthernetNetApi) -> None:
    """A /26 less its own, the broadcast and the gateway's address: 61."""
    network = make_network(vlan, "10.1.0.0/26")
    serial = iter(range(10_000))
    lock = threading.Lock()

    def draw_until_empty(_: int) -> list[str]:
        addresses = []
        while True:
            with lock:
                instance = f"i{next(serial)}"
            try:
                nic = boot(vlan, instance, "p", network)
            except errors.NoMoreFixedIps:
                return addresses
            addresses.append(nic.fixed_ips[0].address)

    wanted = sorted(f"10.1.0.{last}" for last in range(2, 63))
    with ThreadPoolExecutor(64) as threads:
        for _ in range(2):
            addresses = sum(threads.map(draw_until_empty, range(64)), [])
            assert sorted(addresses) == sorted(drawn(vlan)) == wanted
            nics = vlan.list_virtual_nics(network_id=network)
            assert len({nic.mac_address for nic in nics}) == len(wanted)
            instances = [str(nic.instance_id) for nic in nics]
            list(threads.map(vlan.deallocate_for_instance, instances * 2))
            assert drawn(vlan) == []
