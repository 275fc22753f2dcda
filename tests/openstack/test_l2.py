"""What netstack relies on at layer 2, by both drivers."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
import requests

from nova_netplugins.netstack import l2_errors
from nova_netplugins.netstack.l2 import (
    GATEWAY_OWNER,
    L2,
    NIC_OWNER,
    AddressPair,
    L2Network,
    L2Port,
    NewNetwork,
    NewPort,
)
from nova_netplugins.netstack.quantum import Quantum
from tests.functional.installed import INSTALL_AND_TEST_SECONDS
from tests.openstack.neutron import HOST, Neutron

pytestmark = pytest.mark.timeout(INSTALL_AND_TEST_SECONDS)

MAC = "fa:16:3e:00:00:01"
NOWHERE = str(uuid.uuid4())


def a_network(l2: L2, project_id: str | None = "red") -> L2Network:
    return l2.create_network(NewNetwork(str(uuid.uuid4()), "web", project_id))


def a_port(l2: L2, network: L2Network, mac: str = MAC, device: str = "instance-1") -> L2Port:
    return l2.create_port(NewPort(network.id, mac, device, project_id="red", host=HOST))


# Networks


def test_a_network_is_shown_as_it_was_made(l2: L2) -> None:
    key = str(uuid.uuid4())
    made = l2.create_network(NewNetwork(key, "web tier", "red", mtu=1400))
    assert (made.name, made.project_id, made.key, made.mtu) == ("web tier", "red", key, 1400)
    assert l2.get_network(made.id) == made
    assert made in l2.list_networks()


def test_networks_have_segments_of_their_own(l2: L2) -> None:
    segments = {a_network(l2).segment for _ in range(3)}
    assert len(segments) == 3 and None not in segments


def test_a_network_for_all_projects_is_of_none(l2: L2) -> None:
    assert l2.get_network(a_network(l2, None).id).project_id is None


def test_asking_again_for_the_network_of_a_key_makes_no_second_one(l2: L2) -> None:
    wanted = NewNetwork(str(uuid.uuid4()), "web", "red")
    assert l2.create_network(wanted) == l2.create_network(wanted)
    assert len([row for row in l2.list_networks() if row.key == wanted.key]) == 1


def test_a_network_that_is_not_there_is_told_with_who_was_asked_what(l2: L2) -> None:
    with pytest.raises(l2_errors.NetworkNotFound) as told:
        l2.get_network(NOWHERE)
    assert told.value.status == 404
    assert told.value.service in str(told.value)
    assert f"cannot show a network: it has no network '{NOWHERE}'" in str(told.value)


def test_a_deleted_network_is_gone_and_may_be_deleted_again(l2: L2) -> None:
    network = a_network(l2)
    l2.delete_network(network.id)
    l2.delete_network(network.id)
    with pytest.raises(l2_errors.NetworkNotFound):
        l2.get_network(network.id)


def test_a_network_with_a_port_is_not_deleted(l2: L2) -> None:
    network = a_network(l2)
    port = a_port(l2, network)
    with pytest.raises(l2_errors.NetworkInUse, match="ports are on it") as told:
        l2.delete_network(network.id)
    assert told.value.status == 409
    assert l2.get_port(port.id) == port
    l2.delete_port(port.id)
    l2.delete_network(network.id)
    assert network not in l2.list_networks()


def test_a_network_is_adopted_by_its_id_as_it_is(l2: L2) -> None:
    network = a_network(l2)
    assert l2.adopt_network(network.id) == network
    with pytest.raises(l2_errors.NetworkNotFound, match="cannot adopt a network"):
        l2.adopt_network(NOWHERE)


def test_a_network_that_somebody_else_made_can_be_adopted_and_has_no_key(
    quantum: Quantum, neutron_server: Neutron
) -> None:
    made = post(neutron_server, "network", name="theirs", tenant_id="red")
    adopted = quantum.adopt_network(made["id"])
    assert (adopted.name, adopted.key) == ("theirs", None)
    assert adopted in quantum.list_networks()


def test_a_network_with_subnets_in_neutron_is_not_adopted(
    quantum: Quantum, neutron_server: Neutron
) -> None:
    made = post(neutron_server, "network", name="theirs", tenant_id="red")
    post(
        neutron_server,
        "subnet",
        network_id=made["id"],
        cidr="10.0.0.0/24",
        ip_version=4,
        tenant_id="red",
    )
    with pytest.raises(l2_errors.NetworkNotAdoptable, match="it has subnets") as told:
        quantum.adopt_network(made["id"])
    assert told.value.status == 409


# Ports


def test_a_port_is_shown_as_it_was_made(l2: L2) -> None:
    network = a_network(l2)
    made = l2.create_port(
        NewPort(
            network.id,
            "FA:16:3E:00:00:01",
            "instance-1",
            project_id="red",
            name="eth0",
            host=HOST,
            pairs=[AddressPair("10.0.0.5"), AddressPair("2001:DB8::5", "fa:16:3e:00:00:99")],
            admin_state_up=False,
        )
    )
    assert made.network_id == network.id
    assert (made.mac_address, made.device_id, made.device_owner) == (MAC, "instance-1", NIC_OWNER)
    assert (made.project_id, made.name, made.host) == ("red", "eth0", HOST)
    assert made.pairs == (
        AddressPair("10.0.0.5", MAC),
        AddressPair("2001:db8::5", "fa:16:3e:00:00:99"),
    )
    assert not made.admin_state_up and not made.binding_failed
    assert l2.get_port(made.id) == made


def test_asking_again_for_a_port_makes_no_second_one(l2: L2) -> None:
    network = a_network(l2)
    assert a_port(l2, network) == a_port(l2, network)
    assert len(l2.list_ports(network_id=network.id)) == 1


def test_rivals_for_one_port_get_the_same(l2: L2) -> None:
    network = a_network(l2)
    got: list[L2Port] = []
    threads = [threading.Thread(target=lambda: got.append(a_port(l2, network))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {port.id for port in got} == {l2.list_ports(network_id=network.id)[0].id}
    assert len(got) == 4


def test_a_mac_address_of_another_device_is_refused_with_whose_it_is(l2: L2) -> None:
    network = a_network(l2)
    port = a_port(l2, network)
    with pytest.raises(l2_errors.MacInUse, match=f"that of port {port.id}, of device instance-1"):
        a_port(l2, network, device="instance-2")
    assert l2.list_ports(network_id=network.id) == [port]


def test_a_mac_address_may_be_on_two_networks(l2: L2) -> None:
    first, second = a_port(l2, a_network(l2)), a_port(l2, a_network(l2))
    assert first.id != second.id and first.mac_address == second.mac_address


def test_a_port_needs_a_network(l2: L2) -> None:
    with pytest.raises(l2_errors.NetworkNotFound, match=f"cannot create a port.*{NOWHERE}"):
        l2.create_port(NewPort(NOWHERE, MAC, "instance-1"))


def test_ports_are_found_by_network_mac_device_owner_and_host(l2: L2) -> None:
    network, device = a_network(l2), str(uuid.uuid4())
    one = a_port(l2, network, device=device)
    two = a_port(l2, network, "fa:16:3e:00:00:02", "instance-2")
    gateway = l2.create_port(NewPort(network.id, "fa:16:3e:00:00:03", "gw", GATEWAY_OWNER))
    assert l2.find_port(network.id, MAC.upper()) == one
    assert l2.find_port(network.id, "fa:16:3e:00:00:04") is None
    assert l2.list_ports(device_id=device) == [one]
    assert l2.list_ports(network_id=network.id, device_owner=GATEWAY_OWNER) == [gateway]
    on_host = l2.list_ports(network_id=network.id, host=HOST)
    assert {port.id for port in on_host} == {one.id, two.id}


def test_a_port_moves_to_another_host_and_to_none(l2: L2) -> None:
    port = l2.create_port(NewPort(a_network(l2).id, MAC, "instance-1"))
    assert port.host is None
    assert l2.update_port(port.id, host=HOST).host == HOST
    assert l2.get_port(port.id).host == HOST
    assert l2.update_port(port.id, host=None).host is None


def test_pairs_are_replaced_and_the_rest_kept(l2: L2) -> None:
    port = a_port(l2, a_network(l2))
    wanted = [AddressPair("10.0.0.9"), AddressPair("10.1.2.3/16"), AddressPair("10.0.0.9/32")]
    changed = l2.update_port(port.id, pairs=wanted)
    assert changed.pairs == (AddressPair("10.0.0.9", MAC), AddressPair("10.1.0.0/16", MAC))
    assert changed.host == HOST
    assert l2.update_port(port.id, pairs=[]).pairs == ()
    assert l2.update_port(port.id) == l2.get_port(port.id)


def test_a_pair_has_to_have_an_address(l2: L2) -> None:
    port = a_port(l2, a_network(l2))
    with pytest.raises(l2_errors.InvalidPair, match="'10.0.0.300' is not an IP address"):
        l2.update_port(port.id, pairs=[AddressPair("10.0.0.300")])


def test_a_port_without_port_security_may_be_made(l2: L2) -> None:
    wanted = NewPort(a_network(l2).id, MAC, "instance-1", port_security=False)
    assert l2.create_port(wanted).port_security is False


def test_a_deleted_port_is_gone_and_may_be_deleted_again(l2: L2) -> None:
    port = a_port(l2, a_network(l2))
    l2.delete_port(port.id)
    l2.delete_port(port.id)
    with pytest.raises(l2_errors.PortNotFound, match=f"cannot show a port.*{port.id}") as told:
        l2.get_port(port.id)
    assert told.value.status == 404
    with pytest.raises(l2_errors.PortNotFound, match="cannot update a port"):
        l2.update_port(port.id, host=HOST)


def test_neutron_gives_no_address_to_a_port_of_ours(
    quantum: Quantum, neutron_server: Neutron
) -> None:
    network = a_network(quantum)
    subnet = {"cidr": "10.0.0.0/24", "ip_version": 4, "tenant_id": "red"}
    post(neutron_server, "subnet", network_id=network.id, **subnet)
    port = a_port(quantum, network)
    shown = requests.get(f"{neutron_server.url}/v2.0/ports/{port.id}", timeout=10).json()["port"]
    assert shown["fixed_ips"] == []


def test_a_host_where_nothing_can_wire_the_port_is_told(quantum: Quantum) -> None:
    wanted = NewPort(a_network(quantum).id, MAC, "instance-1", host="no-such-host")
    assert quantum.create_port(wanted).binding_failed
    assert not a_port(quantum, a_network(quantum)).binding_failed


def post(server: Neutron, noun: str, **body: Any) -> dict[str, Any]:
    """What somebody else makes in Neutron."""
    made = requests.post(f"{server.url}/v2.0/{noun}s", json={noun: body}, timeout=10)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()[noun]
    return found
