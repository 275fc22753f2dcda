"""Virtual NICs of netstack: addresses from a real Melange, ports of a real layer 2."""

from __future__ import annotations

import re
import uuid
from ipaddress import ip_address
from pathlib import Path

import pytest

from netkit.errors import ServiceError
from nova_netplugins import errors
from nova_netplugins.netstack import melange_errors
from nova_netplugins.plugin import InstanceRequest, RequestedNic, VirtualNic
from tests.netstack.cloud import PROJECT, NetApi, interfaces_of, netstack_bench, network_of
from tests.netstack.melange_server import MelangeServer


def asking(
    *nics: RequestedNic,
    instance_id: str = "i-1",
    project_id: str = PROJECT,
    host: str | None = None,
) -> InstanceRequest:
    return InstanceRequest(instance_id, project_id, host=host, nics=nics)


def nothing_is_left(net_api: NetApi, melange: MelangeServer, network_id: str) -> bool:
    """On the network, of whatever project."""
    return (
        list(melange.client.allocated_ip_addresses.list(network_id=network_id)) == []
        and net_api.l2.list_ports(network_id=network_id) == []
        and net_api.list_virtual_nics(network_id=network_id) == []
    )


def test_a_nic_has_an_interface_in_melange_and_a_port_at_layer_2(
    net_api: NetApi, melange: MelangeServer
) -> None:
    network_id = network_of(net_api, "10.0.0.0/24", "fd00::/64")
    [nic] = net_api.allocate_for_instance(asking(RequestedNic(network_id), host="compute-1"))

    interface = melange.client.interfaces.show(PROJECT, nic.id)
    assert (interface["mac_address"] or "").lower() == nic.mac_address
    assert re.fullmatch("fa:16:3e:[c-f][0-9a-f](:[0-9a-f]{2}){2}", nic.mac_address)
    assert interface["device_id"] == "i-1"
    held = [str(ip_address(one["address"])) for one in interface["ip_addresses"]]
    assert held == [ip.address for ip in nic.fixed_ips]
    assert [ip.version for ip in nic.fixed_ips] == [4, 6]

    [port] = net_api.l2.list_ports(network_id=network_id)
    assert (port.mac_address, port.device_id, port.host) == (nic.mac_address, "i-1", "compute-1")
    assert {pair.ip_address for pair in port.pairs} > set(held), "its link-local address too"

    net_api.deallocate_for_instance("i-1")
    assert nothing_is_left(net_api, melange, network_id)
    assert interfaces_of(net_api, PROJECT) == []


def test_nobody_gets_the_address_of_the_network_or_of_its_gateway(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.0.0.0/30")
    [nic] = net_api.allocate_for_instance(asking(RequestedNic(network_id)))
    assert [ip.address for ip in nic.fixed_ips] == ["10.0.0.2"]


def test_what_is_asked_for_is_given_in_its_order(net_api: NetApi) -> None:
    first = network_of(net_api, "10.1.0.0/24", "fd00:1::/64")
    second = network_of(net_api, "10.2.0.0/24")
    mac = "fa:16:3e:aa:bb:cc"
    nics = net_api.allocate_for_instance(
        asking(
            RequestedNic(second, ("10.2.0.9", "10.2.0.7"), mac.upper().replace(":", "-")),
            RequestedNic(first, ("FD00:1:0::9", "10.1.0.5")),
            RequestedNic(second),
        )
    )
    assert [nic.network_id for nic in nics] == [second, first, second]
    assert [ip.address for ip in nics[0].fixed_ips] == ["10.2.0.9", "10.2.0.7"]
    assert [ip.address for ip in nics[1].fixed_ips] == ["fd00:1::9", "10.1.0.5"]
    assert nics[0].mac_address == mac
    assert [nic.default_route for nic in nics] == [True, False, False]
    assert list(net_api.list_virtual_nics(instance_id="i-1")) == nics
    net_api.deallocate_for_instance("i-1")


def test_an_instance_that_names_no_network_gets_those_of_its_project_by_priority(
    net_api: NetApi,
) -> None:
    late = network_of(net_api, "10.1.0.0/24", priority=9)
    own = network_of(net_api, "10.2.0.0/24", priority=5, project_id=PROJECT)
    network_of(net_api, "10.3.0.0/24", project_id="blue")
    nics = net_api.allocate_for_instance(asking())
    assert [nic.network_id for nic in nics] == [own, late]


def test_a_network_of_layer_2_alone_gives_no_addresses(
    net_api: NetApi, melange: MelangeServer
) -> None:
    network_id = network_of(net_api)
    [nic] = net_api.allocate_for_instance(asking(RequestedNic(network_id)))
    assert nic.fixed_ips == ()
    [port] = net_api.l2.list_ports(network_id=network_id)
    assert port.port_security is False and port.pairs == ()
    with pytest.raises(errors.AddressOutOfRange, match="the network has none"):
        net_api.allocate_for_instance(asking(RequestedNic(network_id, ("10.0.0.5",))))
    net_api.delete_virtual_nic(nic.id)
    assert nothing_is_left(net_api, melange, network_id)


def test_two_projects_with_the_same_cidr_have_the_same_address_each(net_api: NetApi) -> None:
    found: list[VirtualNic] = []
    for project in ("red", "blue"):
        network_id = network_of(net_api, "10.0.0.0/24", project_id=project)
        request = asking(RequestedNic(network_id), instance_id=project, project_id=project)
        found += net_api.allocate_for_instance(request)
    assert [ip.address for nic in found for ip in nic.fixed_ips] == ["10.0.0.2", "10.0.0.2"]
    assert found[0].network_id != found[1].network_id
    with pytest.raises(errors.NetworkNotFound, match=str(found[1].network_id)):
        net_api.allocate_for_instance(asking(RequestedNic(found[1].network_id)))


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (RequestedNic("", ("10.0.0.300",)), "10.0.0.300"),
        (RequestedNic("", ("10.9.0.5",)), "outside 10.0.0.0/24, fd00::/64"),
        (RequestedNic("", ("10.0.0.1",)), "it is the block's gateway"),
        (RequestedNic("", ("10.0.0.0",)), "policy .* keeps it back"),
        (RequestedNic("", ("10.0.0.5", "10.0.0.5")), "asked for twice"),
        (RequestedNic("", (), "01:00:00:00:00:01"), "unicast"),
        (RequestedNic("", (), "nonsense"), "nonsense"),
        (RequestedNic(None, ("10.0.0.5",)), "need a network_id"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(
    net_api: NetApi, melange: MelangeServer, wanted: RequestedNic, told: str
) -> None:
    network_id = network_of(net_api, "10.0.0.0/24", "fd00::/64")
    before = list(melange.client.audit.list(PROJECT))
    place = network_id if wanted.network_id == "" else None
    refused = RequestedNic(place, wanted.addresses, wanted.mac_address)
    with pytest.raises(ServiceError, match=told) as error:
        net_api.allocate_for_instance(asking(RequestedNic(network_id), refused))
    assert error.value.status in (400, 409)
    assert nothing_is_left(net_api, melange, network_id)
    assert list(melange.client.audit.list(PROJECT)) == before, "Melange was not even asked"


@pytest.mark.parametrize("project", ["", "..", "a/b", "green\n"])
def test_a_project_that_cannot_be_a_tenant_of_melange_is_told(
    net_api: NetApi, project: str
) -> None:
    network_of(net_api, "10.0.0.0/24")
    with pytest.raises(errors.InvalidOption, match="tenant of Melange"):
        net_api.allocate_for_instance(asking(project_id=project))
    with pytest.raises(errors.InvalidOption, match="tenant of Melange"):
        network_of(net_api, "10.0.0.0/24", project_id=project)


def test_an_address_and_a_mac_address_are_given_once(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    mac = f"fa:16:3e:77:{uuid.uuid4().hex[:2]}:01"
    wanted = RequestedNic(network_id, ("10.0.0.5",), mac)
    [nic] = net_api.allocate_for_instance(asking(wanted))
    with pytest.raises(melange_errors.AddressTaken, match="10.0.0.5"):
        net_api.allocate_for_instance(asking(wanted, instance_id="i-2"))
    with pytest.raises(melange_errors.MacTaken, match=mac):
        net_api.allocate_for_instance(asking(RequestedNic(network_id, (), mac), instance_id="i-2"))
    assert net_api.list_virtual_nics(network_id=network_id) == [nic]
    assert interfaces_of(net_api, PROJECT) == [nic.id]


def test_a_nic_that_finds_no_address_of_a_version_is_not_made(
    net_api: NetApi, melange: MelangeServer
) -> None:
    network_id = network_of(net_api, "10.0.0.0/30", "fd00::/64")
    net_api.allocate_for_instance(asking(RequestedNic(network_id)))
    with pytest.raises(melange_errors.NoMoreAddresses, match="every IPv4 block"):
        net_api.allocate_for_instance(asking(RequestedNic(network_id), instance_id="i-2"))
    used = list(melange.client.allocated_ip_addresses.list(network_id=network_id))
    assert len(used) == 2, "the IPv6 address that was there went back"
    assert len(net_api.l2.list_ports(network_id=network_id)) == 1


def test_without_a_range_of_mac_addresses_one_is_told_how_to_make_it(
    tmp_path: Path, empty_melange: MelangeServer
) -> None:
    with netstack_bench(tmp_path, empty_melange.url) as bench:
        net_api = bench.net_api
        assert isinstance(net_api, NetApi)
        network_id = network_of(net_api, "10.0.0.0/24")
        with pytest.raises(melange_errors.NoMacRange, match="openstack ipam mac range create"):
            net_api.allocate_for_instance(asking(RequestedNic(network_id)))
        assert list(empty_melange.client.interfaces.list(PROJECT)) == []
        empty_melange.client.mac_address_ranges.create("FA:16:3E:60:00:00/32")
        assert net_api.allocate_for_instance(asking(RequestedNic(network_id)))


def test_a_nic_is_bound_to_another_host_with_its_port(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    [nic] = net_api.allocate_for_instance(asking(RequestedNic(network_id), host="compute-1"))
    bound = net_api.bind_virtual_nic(nic.id, "compute-2")
    assert (bound.host, bound.status) == ("compute-2", "DOWN")
    [port] = net_api.l2.list_ports(network_id=network_id)
    assert port.host == "compute-2"
    net_api.bind_virtual_nic(nic.id, None)
    [port] = net_api.l2.list_ports(network_id=network_id)
    assert port.host is None


def test_the_default_route_goes_to_another_nic_when_its_own_goes(net_api: NetApi) -> None:
    network_id = network_of(net_api, "10.0.0.0/24")
    nics = net_api.allocate_for_instance(asking(RequestedNic(network_id), RequestedNic(network_id)))
    net_api.delete_virtual_nic(nics[0].id)
    [left] = net_api.list_virtual_nics(instance_id="i-1")
    assert (left.id, left.default_route) == (nics[1].id, True)
