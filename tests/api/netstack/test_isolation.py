"""What one project may see and do of another's: nothing, in any route; and what roles may do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.api.ethernet.served import address_of
from tests.api.netstack.served import Netstack


@dataclass(frozen=True)
class Theirs:
    """What another project has: on a network of its own, and on one of all."""

    project: str
    network: dict[str, Any]
    common: dict[str, Any]
    nic: dict[str, Any]
    address: str
    shared: str
    shared_on_common: str
    floating: str


@pytest.fixture
def theirs(netstack: Netstack) -> Theirs:
    project = netstack.new_project()
    network = netstack.network(project)
    common = netstack.network(subnets=[{"cidr": "10.3.0.0/24"}])
    nic, other = netstack.boot(project, "their-instance", network, common)
    shared = netstack.share(network, [nic["id"]], project_id=project)["address"]
    on_common = netstack.share(common, [other["id"]], project_id=project)["address"]
    netstack.pool()
    body = {"floating_ip": {"project_id": project}}
    lent = netstack.post("/floating_ips", body)["floating_ip"]["address"]
    association = {"association": {"virtual_nic_id": nic["id"]}}
    netstack.put(f"/floating_ips/{lent}/association", association)
    return Theirs(project, network, common, nic, address_of(nic), shared, on_common, lent)


@pytest.fixture
def mine(netstack: Netstack, theirs: Theirs) -> Netstack:
    """A member of a project with a NIC on the network of all."""
    member = netstack.as_project(netstack.new_project())
    assert isinstance(member, Netstack)
    member.post("/instances/mine/virtual_nics", {"virtual_nics": {}})
    return member


def test_each_of_their_objects_is_not_found_by_any_verb(
    netstack: Netstack, mine: Netstack, theirs: Theirs
) -> None:
    [own] = mine.get("/virtual_nics")["virtual_nics"]
    nic, network = f"/virtual_nics/{theirs.nic['id']}", f"/networks/{theirs.network['id']}"
    floating, instance = f"/floating_ips/{theirs.floating}", "/instances/their-instance"
    of_network = f"{network}/shared_addresses"
    on_common = f"/networks/{theirs.common['id']}/shared_addresses"
    share = {"shared_address": {"virtual_nic_ids": [theirs.nic["id"]]}}
    hold = {"holder": {"virtual_nic_id": own["id"]}}
    point = {"association": {"virtual_nic_id": own["id"]}}
    asked = {"networks": [{"network_id": theirs.network["id"]}]}
    calls: list[tuple[str, str, Any]] = [
        ("GET", network, None),
        ("GET", f"{network}/subnets", None),
        ("GET", of_network, None),
        ("POST", of_network, {"shared_address": {"virtual_nic_ids": [own["id"]]}}),
        ("GET", f"{of_network}/{theirs.shared}", None),
        ("POST", on_common, share),
        ("GET", f"{on_common}/{theirs.shared_on_common}", None),
        ("DELETE", f"{on_common}/{theirs.shared_on_common}", None),
        ("GET", f"{on_common}/{theirs.shared_on_common}/holder", None),
        ("PUT", f"{on_common}/{theirs.shared_on_common}/holder", hold),
        ("DELETE", f"{on_common}/{theirs.shared_on_common}/holder", None),
        ("GET", nic, None),
        ("PUT", nic, {"virtual_nic": {"hostname": "mine"}}),
        ("DELETE", nic, None),
        ("GET", f"{nic}/allowed_addresses", None),
        ("PUT", f"{nic}/allowed_addresses/10.3.0.5", None),
        ("DELETE", f"{nic}/allowed_addresses/{theirs.shared}", None),
        # Their address on our own NIC, though both are on one network.
        ("PUT", f"/virtual_nics/{own['id']}/allowed_addresses/{theirs.shared_on_common}", None),
        ("GET", f"/ports/{theirs.nic['attributes']['port_id']}", None),
        ("GET", f"/fixed_ips/{theirs.address}", None),
        ("GET", floating, None),
        ("DELETE", floating, None),
        ("PUT", f"{floating}/association", point),
        ("DELETE", f"{floating}/association", None),
        ("GET", f"{instance}/virtual_nics", None),
        ("POST", f"{instance}/virtual_nics", {"virtual_nics": {}}),
        ("DELETE", f"{instance}/virtual_nics", None),
        ("POST", "/instances/mine/virtual_nics", {"virtual_nics": asked}),
    ]
    before = netstack.everything()
    for method, path, body in calls:
        assert mine.refused(method, path, body).status == 404, (method, path)
    assert netstack.everything() == before


def test_nobody_is_told_who_has_an_address_or_floating_ip(mine: Netstack, theirs: Theirs) -> None:
    asked = {"network_id": theirs.common["id"], "addresses": [theirs.shared_on_common]}
    wishes: list[tuple[str, Any]] = [
        ("/instances/mine-2/virtual_nics", {"virtual_nics": {"networks": [asked]}}),
        ("/floating_ips", {"floating_ip": {"address": theirs.floating}}),
    ]
    for path, body in wishes:
        refusal = mine.refused("POST", path, body)
        assert refusal.status == 409 and theirs.project not in refusal.text


def test_lists_have_only_ones_own(mine: Netstack, theirs: Theirs) -> None:
    [own] = mine.get("/virtual_nics")["virtual_nics"]
    assert [one["virtual_nic_id"] for one in mine.get("/ports")["ports"]] == [own["id"]]
    assert [one["address"] for one in mine.get("/fixed_ips")["fixed_ips"]] == [address_of(own)]
    assert mine.get("/floating_ips")["floating_ips"] == []
    assert mine.get("/floating_ips", project_id=theirs.project)["floating_ips"] == []
    on_common = mine.get(f"/networks/{theirs.common['id']}/shared_addresses")
    assert on_common["shared_addresses"] == []
    assert [one["id"] for one in mine.get("/networks")["networks"]] == [theirs.common["id"]]


def test_a_member_does_all_of_it_with_what_is_its_own(netstack: Netstack, mine: Netstack) -> None:
    [own] = mine.get("/virtual_nics")["virtual_nics"]
    shared = mine.share({"id": own["network_id"]}, [own["id"]])
    path = f"/networks/{own['network_id']}/shared_addresses/{shared['address']}"
    mine.put(f"{path}/holder", {"holder": {"virtual_nic_id": own["id"]}})
    lent = mine.post("/floating_ips", {"floating_ip": {}})["floating_ip"]["address"]
    mine.put(f"/floating_ips/{lent}/association", {"association": {"virtual_nic_id": own["id"]}})
    mine.delete(f"/floating_ips/{lent}/association")
    mine.delete(f"/floating_ips/{lent}")
    mine.delete(path)
    mine.delete("/instances/mine/virtual_nics")
    assert mine.get("/virtual_nics")["virtual_nics"] == []


def test_a_reader_changes_nothing_and_a_member_is_no_daemon(
    netstack: Netstack, mine: Netstack
) -> None:
    [own] = mine.get("/virtual_nics")["virtual_nics"]
    project = own["project_id"]
    reader = netstack.as_project(project, "reader")
    network, nic = f"/networks/{own['network_id']}", f"/virtual_nics/{own['id']}"
    assert reader.get(nic)["virtual_nic"] == own
    share = {"shared_address": {"virtual_nic_ids": [own["id"]]}}
    for_members: list[tuple[str, str, Any]] = [
        ("POST", f"{network}/shared_addresses", share),
        ("DELETE", f"{network}/shared_addresses/10.3.0.5", None),
        ("PUT", f"{nic}/allowed_addresses/10.3.0.5", None),
        ("DELETE", nic, None),
        ("POST", "/floating_ips", {"floating_ip": {}}),
    ]
    for method, path, body in for_members:
        assert reader.refused(method, path, body).code == "policy_denied", path
    for_daemons: list[tuple[str, str, Any]] = [
        ("PUT", f"{nic}/binding", {"binding": {"host": "h"}}),
        ("PUT", f"{nic}/status", {"status": {"status": "ACTIVE"}}),
        ("PUT", "/hosts/h/networks", None),
        ("GET", f"/hosts/h/networks/{own['network_id']}", None),
        ("PUT", "/hosts/h/tunnel", {"tunnel": {"address": "192.0.2.1"}}),
        ("PUT", "/reconciliation", None),
    ]
    for method, path, body in for_daemons:
        assert mine.refused(method, path, body).code == "policy_denied", path


def test_a_caller_of_no_project_sees_what_is_for_all_and_nobodys_addresses(
    netstack: Netstack, theirs: Theirs
) -> None:
    nobody = replace(netstack, headers={"X-Roles": "reader"})
    every = f"/networks/{theirs.common['id']}/shared_addresses"
    for path, noun in (("/floating_ips", "floating_ips"), (every, "shared_addresses")):
        answer = nobody.call("GET", path)
        assert answer.status_code == 403 or answer.json()[noun] == [], answer.text
