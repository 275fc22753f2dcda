"""Netstack by its REST API, over a real Neutron and a real Melange."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from nova_netplugins.netstack import l2_errors
from nova_netplugins.netstack.audit import audit
from nova_netplugins.netstack.l2 import NIC_OWNER, AddressPair, L2Port, NewPort
from nova_netplugins.netstack.quantum import Quantum
from tests.api.ethernet.served import Refusal, ServedCloud, open_cloud, serve, upgrade
from tests.api.netstack.served import Netstack, net_api, netstack_of, write_conf
from tests.functional.installed import INSTALL_AND_TEST_SECONDS
from tests.netstack.melange_server import MelangeServer
from tests.openstack.conftest import on_quantum
from tests.openstack.faulty import Faulty, faulty
from tests.openstack.neutron import HOST, Neutron
from tests.openstack.test_l2 import post

pytestmark = pytest.mark.timeout(INSTALL_AND_TEST_SECONDS)

NOWHERE = str(uuid.uuid4())


@pytest.fixture(scope="module")
def front(neutron_server: Neutron) -> Iterator[Faulty]:
    """Netstack's way to Neutron."""
    with faulty(neutron_server.url) as front:
        yield front


@pytest.fixture(scope="module")
def served(
    front: Faulty, melange: MelangeServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedCloud]:
    directory = tmp_path_factory.mktemp("netstack")
    file = write_conf(directory, f"sqlite:///{directory}/netstack.sqlite", melange.url)
    on_quantum(file, front.url, retries=1)
    with open_cloud(file) as cloud:
        upgrade(cloud)
    with serve(file) as served:
        yield served


@pytest.fixture(scope="module")
def netstack(served: ServedCloud, melange: MelangeServer) -> Netstack:
    return netstack_of(served, melange.client)


@dataclass(frozen=True)
class Tenant:
    """A project with a network and an instance, and what there is of it in the two services."""

    netstack: Netstack
    quantum: Quantum
    project: str
    network: dict[str, Any]
    instance: str

    @property
    def path(self) -> str:
        """Of the instance's NICs."""
        return f"/instances/{self.instance}/virtual_nics"

    def boot(self, **wishes: Any) -> dict[str, Any]:
        """The instance's NIC on the network."""
        [nic] = self.netstack.boot(self.project, self.instance, self.network, **wishes)
        return nic

    def refused(self, mac_address: str | None = None, **wishes: Any) -> Refusal:
        """What is said against it."""
        nic = {"network_id": self.network["id"]}
        if mac_address is not None:
            nic["mac_address"] = mac_address
        asked = {"project_id": self.project, "networks": [nic], **wishes}
        return self.netstack.refused("POST", self.path, {"virtual_nics": asked})

    def nics(self) -> list[dict[str, Any]]:
        shown = self.netstack.get("/virtual_nics", project_id=self.project)
        return list(shown["virtual_nics"])

    def ports(self) -> list[L2Port]:
        return list(self.quantum.list_ports(network_id=self.network["id"]))

    def require_nothing_left(self) -> None:
        """Of any NIC."""
        ipam, network_id = self.netstack.ipam, self.network["id"]
        assert self.nics() == []
        assert list(ipam.interfaces.list(self.project)) == []
        assert list(ipam.allocated_ip_addresses.list(network_id=network_id)) == []
        assert self.ports() == []


@pytest.fixture
def project(netstack: Netstack) -> str:
    return netstack.new_project()


@pytest.fixture
def red(netstack: Netstack, quantum: Quantum, project: str) -> Tenant:
    network = netstack.network(project)
    return Tenant(netstack, quantum, project, network, f"{project}-instance")


# Networks


def test_a_network_is_one_of_neutron_without_subnets(
    netstack: Netstack, quantum: Quantum, neutron_server: Neutron, project: str
) -> None:
    network = netstack.network(project, label="web tier", mtu=1400)
    made = quantum.get_network(network["id"])
    assert (made.name, made.project_id, made.mtu) == ("web tier", project, 1400)
    assert (network["network_type"], network["segment"]) == ("vxlan", made.segment)
    # Adopting refuses what has subnets.
    assert quantum.adopt_network(made.id) == made
    assert [subnet["cidr"] for subnet in network["subnets"]] == ["10.1.0.0/24"]

    netstack.delete(f"/networks/{network['id']}")
    with pytest.raises(l2_errors.NetworkNotFound):
        quantum.get_network(made.id)
    assert netstack.refused("GET", f"/networks/{made.id}").status == 404


def test_a_network_of_neutron_is_adopted_by_its_id_and_outlives_netstack_s(
    netstack: Netstack, quantum: Quantum, neutron_server: Neutron, project: str
) -> None:
    theirs = post(neutron_server, "network", name="theirs", tenant_id=project)["id"]
    network = netstack.network(project, id=theirs)
    assert (network["id"], network["adopted"]) == (theirs, True)
    again = {"network": {"label": "again", "id": theirs}}
    assert netstack.refused("POST", "/networks", again).code == "network_known"

    [nic] = netstack.boot(project, f"{project}-instance", network)
    [port] = quantum.list_ports(network_id=theirs)
    assert port.mac_address == nic["mac_address"]
    netstack.delete(f"/virtual_nics/{nic['id']}")
    netstack.delete(f"/networks/{theirs}")
    assert quantum.get_network(theirs).name == "theirs"
    assert list(netstack.ipam.ip_blocks.list(project, network_id=theirs)) == []


def test_a_network_with_subnets_in_neutron_is_not_adopted(
    netstack: Netstack, neutron_server: Neutron, project: str
) -> None:
    theirs = post(neutron_server, "network", name="theirs", tenant_id=project)["id"]
    subnet = {"cidr": "10.0.0.0/24", "ip_version": 4, "tenant_id": project}
    post(neutron_server, "subnet", network_id=theirs, **subnet)
    asked = {"network": {"label": "mine", "id": theirs, "subnets": [{"cidr": "10.9.0.0/24"}]}}
    refusal = netstack.refused("POST", "/networks", asked)
    assert (refusal.status, refusal.code) == (409, "network_not_adoptable")
    assert "it has subnets" in refusal.text
    assert list(netstack.ipam.ip_blocks.list(netstack.default_tenant, network_id=theirs)) == []


def test_a_network_that_neutron_has_not_is_not_adopted(netstack: Netstack) -> None:
    refusal = netstack.refused("POST", "/networks", {"network": {"label": "mine", "id": NOWHERE}})
    assert (refusal.status, refusal.code) == (404, "network_not_found")
    assert f"it has no network '{NOWHERE}'" in refusal.text


def test_a_network_with_a_port_of_somebody_else_is_not_deleted(red: Tenant) -> None:
    theirs = NewPort(red.network["id"], "fa:16:3e:99:00:01", "somebody", "compute:x")
    port = red.quantum.create_port(theirs)
    path = f"/networks/{red.network['id']}"
    refusal = red.netstack.refused("DELETE", path)
    assert (refusal.status, refusal.code) == (409, "network_in_use")
    assert port.id in refusal.text
    red.quantum.delete_port(port.id)
    red.netstack.delete(path)


# Virtual NICs


def test_a_nic_is_a_port_with_its_mac_its_host_and_its_addresses_as_allowed_pairs(
    red: Tenant,
) -> None:
    red.netstack.post(f"/networks/{red.network['id']}/subnets", {"subnet": {"cidr": "fd00::/64"}})
    nic = red.boot(host=HOST)
    [port] = red.ports()
    assert (port.mac_address, port.device_id, port.host) == (nic["mac_address"], red.instance, HOST)
    assert (port.device_owner, port.project_id) == (NIC_OWNER, red.project)
    assert port.name.startswith("netstack:") and port.name.endswith(nic["id"])
    assert not port.binding_failed
    own = [fixed["address"] for fixed in nic["fixed_ips"]]
    assert len(own) == 2
    link_local = [pair for pair in port.pairs if pair.ip_address.startswith("fe80::")]
    assert len(link_local) == 1
    assert set(port.pairs) == {AddressPair(one, port.mac_address) for one in own} | {*link_local}

    red.netstack.delete(red.path)
    red.require_nothing_left()


def test_without_subnets_a_nic_has_no_address_and_may_send_from_any(red: Tenant) -> None:
    [subnet] = red.network["subnets"]
    red.netstack.delete(f"/networks/{red.network['id']}/subnets/{subnet['id']}")
    assert red.boot()["fixed_ips"] == []
    [port] = red.ports()
    assert (port.port_security, port.pairs) == (False, ())


def test_a_shared_address_is_an_allowed_pair_of_each_port(red: Tenant) -> None:
    nics = red.netstack.nics(red.project, red.network, 2)
    shared = red.netstack.share(red.network, nics, project_id=red.project)["address"]
    for port in red.ports():
        assert AddressPair(shared, port.mac_address) in port.pairs


def test_a_host_without_an_agent_is_refused_and_nothing_is_left(red: Tenant) -> None:
    refusal = red.refused(host="no-such-host")
    assert (refusal.status, refusal.code) == (409, "binding_failed")
    assert "nothing on host 'no-such-host'" in refusal.text
    red.require_nothing_left()


def test_a_nic_that_cannot_move_stays_where_it_is(red: Tenant) -> None:
    nic = red.boot(host=HOST)
    path = f"/virtual_nics/{nic['id']}/binding"
    refusal = red.netstack.refused("PUT", path, {"binding": {"host": "no-such-host"}})
    assert (refusal.status, refusal.code) == (409, "binding_failed")
    assert [one["host"] for one in red.nics()] == [HOST]
    [port] = red.ports()
    assert port.host == HOST and not port.binding_failed
    red.netstack.put(path, {"binding": {"host": None}})
    [port] = red.ports()
    assert port.host is None


def test_a_mac_address_that_somebody_has_on_the_network_is_refused_and_nothing_is_left(
    red: Tenant,
) -> None:
    taken = "fa:16:3e:99:00:02"
    port = red.quantum.create_port(NewPort(red.network["id"], taken, "somebody", "compute:x"))
    refusal = red.refused(mac_address=taken)
    assert (refusal.status, refusal.code) == (409, "mac_address_in_use")
    assert red.ports() == [port]
    red.quantum.delete_port(port.id)
    red.require_nothing_left()


# What happens behind netstack's back


def test_a_nic_whose_port_is_gone_is_deleted_all_the_same(red: Tenant) -> None:
    red.boot(host=HOST)
    [port] = red.ports()
    red.quantum.delete_port(port.id)
    red.netstack.delete(red.path)
    red.require_nothing_left()


def test_a_port_that_is_gone_is_found_and_made_again_as_it_was(
    red: Tenant, served: ServedCloud
) -> None:
    red.netstack.post(f"/networks/{red.network['id']}/subnets", {"subnet": {"cidr": "fd00::/64"}})
    red.boot(host=HOST)
    assert wrong(served, red) == []
    [before] = red.ports()
    red.quantum.delete_port(before.id)
    assert wrong(served, red) == ["NIC without port"]
    assert wrong(served, red, repair=True) == ["NIC without port"]
    assert wrong(served, red) == []
    [port] = red.ports()
    same = dataclasses.replace(before, id=port.id, status=port.status)
    assert port == same


def wrong(served: ServedCloud, tenant: Tenant, repair: bool = False) -> list[str]:
    """What an audit finds on the project's network."""
    told = [one.finding for one in audit(net_api(served), repair=repair)]
    return [one.kind.name for one in told if one.network_id == tenant.network["id"]]


def test_on_a_network_that_is_gone_no_nic_is_made_and_nothing_is_left(red: Tenant) -> None:
    red.quantum.delete_network(red.network["id"])
    refusal = red.refused()
    assert (refusal.status, refusal.code) == (404, "network_not_found")
    assert "Quantum cannot create a port" in refusal.text
    red.require_nothing_left()
    red.netstack.delete(f"/networks/{red.network['id']}")
    assert red.netstack.refused("GET", f"/networks/{red.network['id']}").status == 404


# Neutron is away


def test_without_neutron_nothing_is_made_and_a_deletion_is_finished_later(
    red: Tenant, front: Faulty
) -> None:
    red.boot(host=HOST)
    front.broken = True
    assert dataclasses.replace(red, instance=f"{red.instance}-2").refused().status == 503
    red.netstack.delete(red.path)
    assert red.nics() == []
    assert len(red.ports()) == 1

    front.broken = False
    red.netstack.put("/reconciliation")
    red.require_nothing_left()
