"""Virtual NICs of netstack: addresses from a real Melange, ports of a real layer 2."""

from __future__ import annotations

import re
from ipaddress import ip_address

from nova_netplugins.plugin import InstanceRequest, RequestedNic
from tests.netstack.cloud import PROJECT, NetApi, network_of
from tests.netstack.melange_server import MelangeServer


def asking(
    *nics: RequestedNic, instance_id: str = "i-1", host: str | None = None
) -> InstanceRequest:
    return InstanceRequest(instance_id, PROJECT, host=host, nics=nics)


def test_a_nic_has_an_interface_in_melange_and_a_port_at_layer_2(
    net_api: NetApi, melange: MelangeServer
) -> None:
    network_id = network_of(net_api, "10.0.0.0/24", "fd00::/64")
    [nic] = net_api.allocate_for_instance(asking(RequestedNic(network_id), host="compute-1"))

    interface = melange.client.interfaces.show(PROJECT, nic.id)
    assert (interface["mac_address"] or "").lower() == nic.mac_address
    assert re.fullmatch("fa:16:3e:5[0-9a-f](:[0-9a-f]{2}){2}", nic.mac_address)
    assert interface["device_id"] == "i-1"
    held = [str(ip_address(one["address"])) for one in interface["ip_addresses"]]
    assert held == [ip.address for ip in nic.fixed_ips]
    assert held[0] == "10.0.0.2", "neither the network's own address nor the gateway's"
    assert [ip.version for ip in nic.fixed_ips] == [4, 6]

    [port] = net_api.l2.list_ports(network_id=network_id)
    assert (port.mac_address, port.device_id, port.host) == (nic.mac_address, "i-1", "compute-1")
    assert {pair.ip_address for pair in port.pairs} >= set(held)

    net_api.deallocate_for_instance("i-1")
    assert list(melange.client.interfaces.list(PROJECT, network_id=network_id)) == []
    assert net_api.l2.list_ports(network_id=network_id) == []
    assert list(melange.client.allocated_ip_addresses.list(network_id=network_id)) == []
