"""Virtual NICs of instances, the ports that they are to layer 2, and their fixed addresses."""

from __future__ import annotations

import pytest

from tests.api.ethernet.served import ServedCloud, address_of
from tests.api.netstack.served import Netstack, net_api


def test_an_instance_gets_and_gives_back_its_nics(netstack: Netstack, cloud: ServedCloud) -> None:
    project = netstack.new_project()
    first, second = netstack.network(project), netstack.network(project)
    made = netstack.boot(project, "i1", second, first, hostname="web")
    assert [nic["network_id"] for nic in made] == [second["id"], first["id"]]
    assert netstack.get("/instances/i1/virtual_nics")["virtual_nics"] == made
    for nic in made:
        interface = netstack.ipam.interfaces.show(project, nic["id"])
        assert str(interface["mac_address"]).lower() == nic["mac_address"]
        assert interface["device_id"] == "i1"
        port = net_api(cloud).l2.get_port(nic["attributes"]["port_id"])
        assert (port.mac_address, port.device_id) == (nic["mac_address"], "i1")

    netstack.delete("/instances/i1/virtual_nics")
    assert netstack.get("/virtual_nics")["virtual_nics"] == []
    assert list(netstack.ipam.interfaces.list(project)) == []


def test_requested_addresses_and_macs_are_honoured(netstack: Netstack) -> None:
    project = netstack.new_project()
    network = netstack.network(project)
    wanted = {
        "network_id": network["id"],
        "addresses": ["10.1.0.77"],
        "mac_address": "02:00:00:00:00:77",
    }
    body = {"virtual_nics": {"project_id": project, "networks": [wanted]}}
    [nic] = netstack.post("/instances/i1/virtual_nics", body)["virtual_nics"]
    assert (address_of(nic), nic["mac_address"]) == ("10.1.0.77", "02:00:00:00:00:77")

    before = netstack.everything()
    refusal = netstack.refused("POST", "/instances/i2/virtual_nics", body)
    assert refusal.status == 409
    assert netstack.everything() == before


def test_a_project_that_melange_cannot_name_is_refused(standing: Netstack) -> None:
    body = {"virtual_nics": {"project_id": "a/b"}}
    refusal = standing.refused("POST", "/instances/i1/virtual_nics", body)
    assert (refusal.status, refusal.value) == (400, "a/b")


def test_lists_are_narrowed_by_any_filter(netstack: Netstack) -> None:
    project = netstack.new_project()
    network = netstack.network(project)
    [nic] = netstack.boot(project, "i1", network, host="compute-1")
    netstack.boot(project, "i2", network)
    for name, value in {
        "instance_id": "i1",
        "host": "compute-1",
        "mac_address": nic["mac_address"].upper(),
    }.items():
        assert netstack.get("/virtual_nics", **{name: value})["virtual_nics"] == [nic], name
    for name, value in {"project_id": "nobody", "network_id": "none", "status": "ACTIVE"}.items():
        assert netstack.get("/virtual_nics", **{name: value})["virtual_nics"] == [], name
    assert netstack.refused("GET", "/virtual_nics", colour="blue").status == 400


def test_a_nic_is_renamed_bound_and_reported(netstack: Netstack, cloud: ServedCloud) -> None:
    project = netstack.new_project()
    [nic_id] = netstack.nics(project, netstack.network(project))
    one = f"/virtual_nics/{nic_id}"
    renamed = netstack.put(one, {"virtual_nic": {"hostname": "db"}})["virtual_nic"]
    assert renamed["hostname"] == "db"
    bound = netstack.put(f"{one}/binding", {"binding": {"host": "compute-2"}})["virtual_nic"]
    assert bound["host"] == "compute-2"
    assert net_api(cloud).l2.get_port(bound["attributes"]["port_id"]).host == "compute-2"
    netstack.put(f"{one}/status", {"status": {"status": "ACTIVE"}})
    assert netstack.get(one)["virtual_nic"]["status"] == "ACTIVE"
    netstack.delete(one)
    assert netstack.refused("GET", one).code == "virtual_nic_not_found"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "", {"virtual_nic": {"hostname": "not a name"}}),
        ("PUT", "", {"virtual_nic": {}}),
        ("PUT", "/binding", {"binding": {}}),
        ("PUT", "/status", {"status": {"status": "BROKEN"}}),
    ],
)
def test_a_change_that_cannot_be_is_refused(
    standing: Netstack, method: str, path: str, body: dict[str, object]
) -> None:
    project = standing.new_project()
    [nic_id] = standing.nics(project, standing.network(project))
    before = standing.everything()
    assert standing.refused(method, f"/virtual_nics/{nic_id}{path}", body).status == 400
    assert standing.everything() == before


def test_a_port_shows_what_layer_2_has_of_a_nic(netstack: Netstack, cloud: ServedCloud) -> None:
    project = netstack.new_project()
    network = netstack.network(project)
    [nic] = netstack.boot(project, "i1", network, host="compute-1")
    [other] = netstack.nics(project, network)
    [port] = netstack.get("/ports", virtual_nic_id=nic["id"])["ports"]
    real = net_api(cloud).l2.get_port(port["id"])
    assert (port["network_id"], port["mac_address"], port["host"]) == (
        real.network_id,
        real.mac_address,
        real.host,
    )
    assert port["addresses"] == [pair.ip_address for pair in real.pairs] == [address_of(nic)]
    assert netstack.get(f"/ports/{port['id']}")["port"] == port
    assert netstack.get("/ports", instance_id="i1")["ports"] == [port]
    everyone = netstack.get("/ports", network_id=network["id"])["ports"]
    assert {one["virtual_nic_id"] for one in everyone} == {nic["id"], other}
    first = netstack.get("/ports", limit=1)
    rest = netstack.get("/ports", limit=1, marker=first["ports"][0]["id"])
    assert first["ports"] + rest["ports"] == everyone
    assert netstack.refused("GET", "/ports/nobody").code == "port_not_found"
    for method in ("PUT", "DELETE"):
        assert netstack.refused(method, f"/ports/{port['id']}").status == 405


def test_fixed_addresses_are_listed_and_found_by_network(netstack: Netstack) -> None:
    project = netstack.new_project()
    first, second = netstack.network(project), netstack.network(project)
    for instance, network in (("i1", first), ("i2", second)):
        wish = {"network_id": network["id"], "addresses": ["10.1.0.9"]}
        body = {"virtual_nics": {"project_id": project, "networks": [wish]}}
        netstack.post(f"/instances/{instance}/virtual_nics", body)
    listed = netstack.get("/fixed_ips", address="10.1.0.9")["fixed_ips"]
    assert {one["network_id"] for one in listed} == {first["id"], second["id"]}
    assert listed[0]["subnet_id"] and listed[0]["virtual_nic_id"]
    page = netstack.get("/fixed_ips", limit=1)
    following = netstack.get("/fixed_ips", limit=1, marker=page["fixed_ips"][0]["id"])
    assert page["fixed_ips"] + following["fixed_ips"] == listed

    ambiguous = netstack.refused("GET", "/fixed_ips/10.1.0.9")
    assert ambiguous.status == 400 and first["id"] in ambiguous.text
    found = netstack.get("/fixed_ips/10.1.0.9", network_id=first["id"])["fixed_ip"]
    assert found["network_id"] == first["id"]
    assert netstack.refused("GET", "/fixed_ips/10.1.0.10").code == "fixed_ip_not_found"
    assert netstack.refused("GET", "/fixed_ips/nonsense").code == "invalid_address"
