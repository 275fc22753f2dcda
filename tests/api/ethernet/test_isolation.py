"""What one project may see and do of another's: nothing, in any route; and what roles may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.api.ethernet.served import Service


@dataclass(frozen=True)
class Theirs:
    """What another project has."""

    project: str
    network: dict[str, Any]
    nic: dict[str, Any]
    port: dict[str, Any]
    floating: str


@pytest.fixture
def theirs(serving: Service) -> Theirs:
    project = serving.new_project()
    network = serving.network(project)
    [nic] = serving.boot(project, "their-instance", network)
    body = {"project_id": project, "network_id": network["id"]}
    port = serving.post("/ports", {"port": body})["port"]
    serving.post("/floating_ranges", {"floating_range": {"ip_range": "203.0.113.0/28"}})
    lent = serving.post("/floating_ips", {"floating_ip": {"project_id": project}})["floating_ip"]
    association = {"association": {"virtual_nic_id": nic["id"]}}
    serving.put(f"/floating_ips/{lent['address']}/association", association)
    return Theirs(project, network, nic, port, lent["address"])


@pytest.fixture
def mine(serving: Service, theirs: Theirs) -> Service:
    """A member of a project with a network and a NIC of its own."""
    return serving.as_project(serving.new_project())


def test_each_of_their_objects_is_not_found_by_any_verb(
    serving: Service, mine: Service, theirs: Theirs
) -> None:
    nic, port = f"/virtual_nics/{theirs.nic['id']}", f"/ports/{theirs.port['id']}"
    floating = f"/floating_ips/{theirs.floating}"
    instance = "/instances/their-instance/virtual_nics"
    own = mine.post("/virtual_nics", {"virtual_nic": {}})["virtual_nic"]
    before = serving.everything()
    calls: list[tuple[str, str, Any]] = [
        ("GET", f"/networks/{theirs.network['id']}", None),
        ("GET", nic, None),
        ("PUT", nic, {"virtual_nic": {"hostname": "mine"}}),
        ("DELETE", nic, None),
        ("GET", port, None),
        ("PUT", port, {"port": {"virtual_nic_id": None}}),
        ("PUT", port, {"port": {"virtual_nic_id": own["id"]}}),
        ("DELETE", port, None),
        ("GET", f"/fixed_ips/{theirs.port['address']}", None),
        ("GET", floating, None),
        ("DELETE", floating, None),
        ("PUT", f"{floating}/association", {"association": {"virtual_nic_id": own["id"]}}),
        ("DELETE", f"{floating}/association", None),
        ("GET", instance, None),
        ("POST", instance, {"virtual_nics": {}}),
        ("DELETE", instance, None),
        ("PUT", f"{instance}/{own['id']}", None),
        ("PUT", f"/instances/my-instance/virtual_nics/{theirs.nic['id']}", None),
        ("DELETE", f"{instance}/{theirs.nic['id']}", None),
        ("POST", "/virtual_nics", {"virtual_nic": {"network_id": theirs.network["id"]}}),
        ("POST", "/virtual_nics", {"virtual_nic": {"instance_id": "their-instance"}}),
        ("POST", "/ports", {"port": {"network_id": theirs.network["id"]}}),
    ]
    if serving.name == "flat_dhcp":
        serving.network(cidr="10.9.0.0/24")
        before = serving.everything()
    for verb, path, body in calls:
        refusal = mine.refused(verb, path, body)
        assert refusal.status == 404, (verb, path, refusal)
        assert "not_found" in refusal.code
    assert serving.everything() == before


def test_their_nic_does_not_exist_for_my_port_or_floating_address(
    serving: Service, mine: Service, theirs: Theirs
) -> None:
    project = mine.headers["X-Project-Id"]
    network = serving.network(project, cidr="10.8.0.0/24")
    port = mine.post("/ports", {"port": {"network_id": network["id"]}})["port"]
    lent = mine.post("/floating_ips", {"floating_ip": {}})["floating_ip"]["address"]
    before = serving.everything()
    for path, body in (
        (f"/ports/{port['id']}", {"port": {"virtual_nic_id": theirs.nic["id"]}}),
        (
            f"/floating_ips/{lent}/association",
            {"association": {"virtual_nic_id": theirs.nic["id"]}},
        ),
    ):
        refusal = mine.refused("PUT", path, body)
        assert (refusal.status, refusal.code) == (404, "virtual_nic_not_found")
    assert serving.everything() == before


def test_lists_hold_nothing_of_theirs(mine: Service, theirs: Theirs) -> None:
    for noun in ("networks", "virtual_nics", "ports", "fixed_ips", "floating_ips"):
        assert mine.get(f"/{noun}")[noun] == []
        if noun != "fixed_ips":
            assert mine.get(f"/{noun}", project_id=theirs.project)[noun] == []


def test_a_member_cannot_act_for_another_project(mine: Service, theirs: Theirs) -> None:
    for path, noun in (
        ("/virtual_nics", "virtual_nic"),
        ("/instances/i1/virtual_nics", "virtual_nics"),
        ("/ports", "port"),
        ("/floating_ips", "floating_ip"),
    ):
        body: dict[str, Any] = {"project_id": theirs.project}
        if noun == "port":
            body["network_id"] = theirs.network["id"]
        refusal = mine.refused("POST", path, {noun: body})
        assert (refusal.status, refusal.code, refusal.field) == (403, "forbidden", "project_id")
        assert "you cannot act for project" in refusal.text


def test_a_reader_reads_and_writes_nothing(serving: Service, theirs: Theirs) -> None:
    reader = serving.as_project(theirs.project, "reader")
    nic, port = f"/virtual_nics/{theirs.nic['id']}", f"/ports/{theirs.port['id']}"
    floating = f"/floating_ips/{theirs.floating}"
    instance = "/instances/their-instance/virtual_nics"
    for path in (f"/networks/{theirs.network['id']}", nic, port, floating, instance):
        reader.get(path)
    before = serving.everything()
    for verb, path in (
        ("POST", "/virtual_nics"),
        ("PUT", nic),
        ("DELETE", nic),
        ("POST", "/ports"),
        ("PUT", port),
        ("DELETE", port),
        ("POST", "/floating_ips"),
        ("DELETE", floating),
        ("PUT", f"{floating}/association"),
        ("DELETE", f"{floating}/association"),
        ("POST", instance),
        ("DELETE", instance),
        ("PUT", f"{instance}/{theirs.nic['id']}"),
        ("DELETE", f"{instance}/{theirs.nic['id']}"),
    ):
        refusal = reader.refused(verb, path)
        assert (refusal.status, refusal.code) == (403, "policy_denied"), (verb, path)
    assert serving.everything() == before


def test_the_operators_routes_are_not_a_members(serving: Service, theirs: Theirs) -> None:
    member = serving.as_project(theirs.project)
    network, nic = f"/networks/{theirs.network['id']}", f"/virtual_nics/{theirs.nic['id']}"
    hosts = "/hosts/h/networks"
    before = serving.everything()
    for verb, path in (
        ("POST", "/networks"),
        ("PUT", network),
        ("DELETE", network),
        ("PUT", f"{nic}/binding"),
        ("PUT", f"{nic}/status"),
        ("PUT", "/fixed_ips/10.1.0.9/reservation"),
        ("DELETE", "/fixed_ips/10.1.0.9/reservation"),
        ("GET", "/floating_ranges"),
        ("POST", "/floating_ranges"),
        ("DELETE", "/floating_ranges/r"),
        ("PUT", hosts),
        ("GET", f"{hosts}/{theirs.network['id']}"),
        ("PUT", f"{hosts}/{theirs.network['id']}/leases"),
    ):
        refusal = member.refused(verb, path)
        assert (refusal.status, refusal.code) == (403, "policy_denied"), (verb, path)
    assert serving.everything() == before


def test_a_member_does_not_choose_the_host_of_a_nic(serving: Service) -> None:
    member = serving.as_project(serving.new_project())
    before = serving.everything()
    for path, body in (
        ("/virtual_nics", {"virtual_nic": {"host": "compute1"}}),
        ("/instances/i/virtual_nics", {"virtual_nics": {"host": "compute1"}}),
    ):
        refusal = member.refused("POST", path, body)
        assert (refusal.status, refusal.field, refusal.value) == (403, "host", "compute1")
    assert serving.everything() == before


def test_nova_acts_for_every_project(serving: Service, theirs: Theirs) -> None:
    nova = serving.as_project("service", "service")
    [nic] = nova.boot(theirs.project, "i2", theirs.network)
    nova.put(f"/virtual_nics/{nic['id']}/binding", {"binding": {"host": "compute1"}})
    nova.delete("/instances/i2/virtual_nics")
    assert nova.refused("DELETE", f"/networks/{theirs.network['id']}").status == 403


def test_a_caller_of_no_project_must_name_one(serving: Service) -> None:
    refusal = serving.refused("POST", "/virtual_nics", {"virtual_nic": {}})
    assert (refusal.status, refusal.field) == (400, "project_id")
