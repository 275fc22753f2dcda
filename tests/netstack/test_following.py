"""What others change in Melange and at layer 2 reaches netstack's copy, ports and daemons."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from keystoneauth1.session import Session

from nova_netplugins.netstack.audit import audit
from nova_netplugins.netstack.l2 import AddressPair
from nova_netplugins.plugin import InstanceRequest, RequestedNic, VirtualNic
from nova_netplugins.testing.bench import Bench
from tests.netstack.cloud import PROJECT, NetApi, network_of
from tests.netstack.melange_server import MelangeServer


@pytest.fixture
def network_id(net_api: NetApi) -> str:
    return network_of(net_api, "10.0.0.0/24", project_id=PROJECT)


@pytest.fixture
def nic(net_api: NetApi, network_id: str) -> VirtualNic:
    request = InstanceRequest("i-1", PROJECT, host="compute-1", nics=(RequestedNic(network_id),))
    return net_api.allocate_for_instance(request)[0]


def port_pairs(net_api: NetApi, network_id: str) -> list[str]:
    [port] = net_api.l2.list_ports(network_id=network_id)
    return [pair.ip_address for pair in port.pairs]


def test_nothing_is_done_where_nothing_changed(
    net_api: NetApi, bench: Bench, nic: VirtualNic
) -> None:
    told = len(bench.told.nics), len(bench.told.networks)
    assert net_api.reconcile() == net_api.reconcile(due=True) == []
    assert (len(bench.told.nics), len(bench.told.networks)) == told


def test_an_address_that_melange_gives_besides_is_the_nics(
    net_api: NetApi, bench: Bench, melange: MelangeServer, nic: VirtualNic, network_id: str
) -> None:
    melange.client.networks.allocate(PROJECT, network_id, nic.id, addresses=["10.0.0.77"])
    bench.told.nics.clear()
    assert net_api.reconcile(due=True) == [f"virtual NIC {nic.id} follows Melange"]
    addresses = [ip.address for ip in net_api.get_virtual_nic(nic.id).fixed_ips]
    assert addresses == [nic.fixed_ips[0].address, "10.0.0.77"]
    assert port_pairs(net_api, network_id) == sorted(addresses)
    assert bench.told.nics == [(nic.id, network_id, "compute-1")]


def test_an_address_that_is_released_in_melange_is_the_nics_no_more(
    net_api: NetApi, melange: MelangeServer, nic: VirtualNic, network_id: str
) -> None:
    melange.client.networks.deallocate(PROJECT, network_id, nic.id)
    net_api.reconcile(due=True)
    assert net_api.get_virtual_nic(nic.id).fixed_ips == ()
    assert port_pairs(net_api, network_id) == []


def test_an_address_that_is_allowed_in_melange_may_be_sent_from(
    net_api: NetApi, melange: MelangeServer, nic: VirtualNic, network_id: str
) -> None:
    block = nic.fixed_ips[0].subnet_id
    assert block is not None
    net_api.reconcile()
    melange.client.ip_addresses.allocate(
        PROJECT, block, address="10.0.0.99", interface_id="balancer"
    )
    melange.client.allowed_ips.create(PROJECT, nic.id, network_id, "10.0.0.99")
    net_api.reconcile(due=True)
    pairs = net_api.get_virtual_nic(nic.id).attributes["allowed_address_pairs"]
    assert ["10.0.0.99", None] in pairs and "10.0.0.99" in port_pairs(net_api, network_id)

    melange.client.allowed_ips.delete(PROJECT, nic.id, "10.0.0.99")
    net_api.reconcile(due=True)
    assert port_pairs(net_api, network_id) == [nic.fixed_ips[0].address]


def test_a_port_that_somebody_changed_is_as_its_nic_again(
    net_api: NetApi, nic: VirtualNic, network_id: str
) -> None:
    [port] = net_api.l2.list_ports(network_id=network_id)
    net_api.l2.update_port(port.id, host="elsewhere", pairs=[AddressPair("0.0.0.0/0")])
    net_api.reconcile()
    assert net_api.l2.list_ports(network_id=network_id) == [port]


def test_blocks_that_come_and_go_in_melange_are_the_networks(
    net_api: NetApi, bench: Bench, melange: MelangeServer, network_id: str
) -> None:
    made = melange.client.ip_blocks.create(PROJECT, "10.9.0.0/24", network_id=network_id)
    bench.told.networks.clear()
    assert net_api.reconcile(due=True) == [f"network {network_id} follows its blocks"]
    assert bench.told.networks == [network_id]
    cidrs = [subnet.cidr for subnet in net_api.get_network(network_id).subnets]
    assert cidrs == ["10.0.0.0/24", "10.9.0.0/24"]
    melange.client.ip_blocks.delete(PROJECT, made["id"])
    net_api.reconcile(due=True)
    assert len(net_api.get_network(network_id).subnets) == 1


def test_a_dns_server_that_is_no_address_stops_nobody_else(
    net_api: NetApi,
    melange: MelangeServer,
    nic: VirtualNic,
    network_id: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Melange takes any text, from any member of the project."""
    [block] = net_api.melange.blocks(PROJECT, network_id)
    texts = {"dns1": "nope", "dns2": "192.0.2.53"}
    melange.client.ip_blocks.update(PROJECT, block.id, **texts)
    other = network_of(net_api, "10.7.0.0/24", project_id="zebra")
    melange.client.ip_blocks.create("zebra", "10.9.0.0/24", network_id=other)
    told = [f"network {one} follows its blocks" for one in (network_id, other)]
    assert net_api.reconcile() == told
    assert [subnet.dns for subnet in net_api.get_network(network_id).subnets] == [("192.0.2.53",)]
    assert audit(net_api) == []
    warned = f"block {block.id} is used without its dns1 'nope', which is not an IP address"
    assert caplog.text.count(warned) == 1, "the log keeps its other lines"


def test_others_are_looked_at_once_in_an_interval(
    net_api: NetApi, bench: Bench, melange: MelangeServer, network_id: str
) -> None:
    bench.cloud.conf.set_override("follow_interval", 600, group="netstack")
    assert net_api.reconcile(due=True) == []
    melange.client.ip_blocks.create(PROJECT, "10.9.0.0/24", network_id=network_id)
    assert net_api.reconcile(due=True) == [], "it is not due"
    assert net_api.reconcile() == [f"network {network_id} follows its blocks"]


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The paths that Melange is asked for."""
    asked: list[str] = []
    request = Session.request

    def count(session: Session, url: str, method: str, **more: Any) -> Any:
        asked.append(f"{method} {url}")
        return request(session, url, method, **more)

    with monkeypatch.context() as patched:
        patched.setattr(Session, "request", count)
        yield asked


def test_by_the_log_melange_is_asked_as_often_for_many_nics_as_for_one(
    net_api: NetApi, melange: MelangeServer, nic: VirtualNic, network_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    net_api.reconcile()
    with counted(monkeypatch) as of_one:
        assert net_api.reconcile(logged=True) == []
    nics = (RequestedNic(network_id),) * 30
    others = net_api.allocate_for_instance(InstanceRequest("i-2", PROJECT, nics=nics))
    with counted(monkeypatch) as of_many:
        assert net_api.reconcile(logged=True) == []
    assert len(of_many) == len(of_one) < 10
    with counted(monkeypatch) as of_each:
        assert net_api.reconcile() == []
    assert sum("/allowed_ips" in one for one in of_each) == 31

    # What the log tells of, whose port somebody changed, and who has an address more.
    melange.client.allowed_ips.create(PROJECT, nic.id, network_id, others[0].fixed_ips[0].address)
    [port] = net_api.l2.list_ports(network_id=network_id, mac_address=others[1].mac_address)
    net_api.l2.update_port(port.id, host="elsewhere")
    melange.client.networks.allocate(PROJECT, network_id, others[2].id, addresses=["10.0.0.77"])
    changed = sorted(one.id for one in (nic, *others[1:3]))
    told = [f"virtual NIC {nic_id} follows Melange" for nic_id in changed]
    assert net_api.reconcile(logged=True) == told
    assert net_api.l2.get_port(port.id) == port
    assert net_api.allowed_addresses(nic.id) == [others[0].fixed_ips[0].address]


def test_what_the_log_does_not_tell_of_is_found_without_it(
    net_api: NetApi, melange: MelangeServer, nic: VirtualNic, network_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """As where Melange has had none for a while."""
    net_api.reconcile()
    block = nic.fixed_ips[0].subnet_id
    assert block is not None
    melange.client.ip_addresses.allocate(PROJECT, block, address="10.0.0.9", interface_id="lb")
    melange.client.allowed_ips.create(PROJECT, nic.id, network_id, "10.0.0.9")
    monkeypatch.setattr(net_api.melange, "lately_allowed", lambda since: set())
    assert net_api.reconcile(logged=True) == []
    assert net_api.reconcile() == [f"virtual NIC {nic.id} follows Melange"]
    assert net_api.allowed_addresses(nic.id) == ["10.0.0.9"]


def test_addresses_of_blocks_that_are_not_the_networks_are_nobodys_to_send_from(
    net_api: NetApi, melange: MelangeServer
) -> None:
    """A project that may use Melange itself cannot give its NIC what is another's."""
    common = network_of(net_api, "10.0.0.0/24")
    requests = [
        InstanceRequest(f"{project}-1", project, host="compute-1", nics=(RequestedNic(common),))
        for project in ("spoofer", "spoofed")
    ]
    [mine], [theirs] = map(net_api.allocate_for_instance, requests)
    blocks, addresses = melange.client.ip_blocks, melange.client.ip_addresses
    same = blocks.create("spoofer", "10.0.0.0/24")["id"]
    for taken in (theirs.fixed_ips[0].address, "10.0.0.1"):
        addresses.allocate("spoofer", same, address=taken, interface_id=mine.id)
    beside = blocks.create("spoofer", "10.9.0.0/24", network_id=common)["id"]
    addresses.allocate("spoofer", beside, interface_id=mine.id)
    besides = addresses.allocate("spoofer", beside, interface_id="router")["address"]
    melange.client.allowed_ips.create("spoofer", mine.id, common, besides)
    net_api.reconcile()
    net_api.reconcile(due=True)
    assert net_api.get_virtual_nic(mine.id) == mine
    own = [mine.fixed_ips[0].address]
    assert audit(net_api) == []
    net_api.claim_networks("host-1")
    for nic_id in (None, mine.id):
        served = net_api.describe_serving("host-1", common, nic_id)["nics"]
        assert [nic["addresses"] for nic in served if nic["id"] == mine.id] == [own]


def test_a_nic_without_its_interface_keeps_what_nobody_else_has(
    net_api: NetApi, melange: MelangeServer, nic: VirtualNic, network_id: str
) -> None:
    [own] = nic.fixed_ips
    assert own.subnet_id is not None
    policy = melange.client.policies.create(PROJECT, name="hasty", keep_deallocated_ips_for_days=0)
    melange.client.ip_blocks.update(PROJECT, own.subnet_id, policy_id=policy["id"])
    melange.client.interfaces.delete(nic.id)
    net_api.reconcile(due=True)
    assert net_api.get_virtual_nic(nic.id) == nic
    melange.client.ip_addresses.allocate(
        PROJECT, own.subnet_id, address=own.address, interface_id="another"
    )
    net_api.reconcile(due=True)
    assert net_api.get_virtual_nic(nic.id).fixed_ips == ()
    assert port_pairs(net_api, network_id) == []


def test_an_interface_that_lost_its_tag_is_followed(
    net_api: NetApi, melange: MelangeServer, nic: VirtualNic, network_id: str
) -> None:
    melange.client.tags.of_interface(PROJECT, nic.id).remove(net_api.deployment.tag)
    melange.client.networks.deallocate(PROJECT, network_id, nic.id)
    net_api.reconcile(due=True)
    assert net_api.get_virtual_nic(nic.id).fixed_ips == ()
