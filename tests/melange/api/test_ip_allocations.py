"""Addresses of a network for an interface, through the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.melange.service import Service, service

NET = "/tenants/acme/networks/net"
V1 = f"{NET}/interfaces/v1/ip_allocations"
V2 = f"{NET}/interfaces/v2/ip_allocations"
MAC = {"mac_address": "00:ff:12:89:67:34"}


@pytest.fixture
def melange(tmp_path: Path) -> Service:
    return service(tmp_path)


def addresses(body: Any) -> list[str]:
    return [one["address"] for one in body["ip_addresses"]]


def allocate(melange: Service, path: str = V1, **fields: Any) -> list[str]:
    return addresses(melange.ok("POST", path, {"network": fields} if fields else None))


def test_one_call_gives_an_address_of_each_version(melange: Service) -> None:
    melange.block("acme", "10.0.0.0/24", "net", gateway="10.0.0.1")
    melange.block("acme", "fe::/64", "net")
    made = melange.ok("POST", V1, {"network": MAC})["ip_addresses"]
    assert [(one["version"], one["interface_id"]) for one in made] == [(4, "v1"), (6, "v1")]
    assert made[0]["ip_block"] == {
        "id": made[0]["ip_block"]["id"],
        "cidr": "10.0.0.0/24",
        "broadcast": "10.0.0.255",
        "gateway": "10.0.0.1",
        "network_id": "net",
        "netmask": "255.255.255.0",
        "dns1": "8.8.8.8",
        "dns2": "8.8.4.4",
        "ip_routes": [],
        "dhcp_options": [],
    }
    assert made[1]["ip_block"]["netmask"] == "64"
    assert melange.ok("GET", V1)["ip_addresses"] == made
    assert melange.ok("GET", f"{V1}.json")["ip_addresses"] == made


def test_it_comes_with_the_routes_and_dhcp_options_of_its_block(melange: Service) -> None:
    block = f"/tenants/acme/ip_blocks/{melange.block('acme', '10.0.0.0/24', 'net').id}"
    route = {"destination": "10.9.0.0", "netmask": "255.255.0.0", "gateway": "10.0.0.254"}
    made = melange.ok("POST", f"{block}/ip_routes", {"ip_route": route})["ip_route"]
    melange.ok("POST", f"{block}/dhcp_options", {"dhcp_option": {"number": 26, "value": "1450"}})
    (found,) = melange.ok("POST", V1)["ip_addresses"]
    assert found["ip_block"]["ip_routes"] == [{"id": made["id"], **route}]
    (shown,) = found["ip_block"]["dhcp_options"]
    assert (shown["number"], shown["value"]) == (26, "1450")
    assert set(shown) == {"number", "name", "value"}


def test_all_addresses_or_none(melange: Service) -> None:
    melange.block("acme", "10.0.0.0/24", "net")
    melange.block("acme", "fe::/64", "net")
    told = melange.refused("POST", V1)
    assert told == (400, "Required params are missing: mac_address")
    assert melange.refused("GET", V1) == (404, "Interface Not Found")
    assert allocate(melange, **MAC)[0] == "10.0.0.0"


def test_a_full_block_is_followed_by_the_next(melange: Service) -> None:
    melange.block("acme", "10.2.0.0/32", "net", priority=1)
    melange.block("acme", "10.1.0.0/32", "net", priority=1)
    melange.block("acme", "10.3.0.0/32", "net")
    got = [address for _ in range(3) for address in allocate(melange)]
    assert got == ["10.3.0.0", "10.2.0.0", "10.1.0.0"]
    told = melange.refused("POST", V1)
    assert told == (422, "ip blocks in this network are full")


def test_one_full_family_leaves_the_other(melange: Service) -> None:
    melange.block("acme", "10.0.0.0/32", "net")
    melange.block("acme", "fe::/64", "net")
    assert [len(allocate(melange, **MAC)) for _ in range(2)] == [2, 1]


def test_named_addresses_come_from_the_blocks_they_are_in(melange: Service) -> None:
    melange.block("acme", "10.0.0.0/24", "net", gateway="10.0.0.1")
    melange.block("acme", "fe::/64", "net")
    assert allocate(melange, addresses=["fe::9", "10.0.0.9"]) == [
        "00fe:0000:0000:0000:0000:0000:0000:0009",
        "10.0.0.9",
    ]
    # Taken, the gateway, the broadcast address, and one in no block.
    others = ["10.0.0.9", "10.0.0.1", "10.0.0.255", "192.0.2.1"]
    assert allocate(melange, V2, addresses=others) == []
    assert allocate(melange, V2, addresses=[*others, "10.0.0.8"]) == ["10.0.0.8"]
    assert allocate(melange, V2, addresses=[], **MAC)[0] == "10.0.0.0"
    status, detail = melange.refused("POST", V1, {"network": {"addresses": ["nowhere"]}})
    assert status == 400 and "nowhere is not a valid address" in detail


def test_a_named_address_of_a_full_block_is_told(melange: Service) -> None:
    melange.block("acme", "10.0.0.0/32", "net")
    allocate(melange)
    told = melange.refused("POST", V2, {"network": {"addresses": ["10.0.0.0"]}})
    assert told == (422, "IpBlock is full")


def test_a_subnetted_block_gives_through_its_subnets(melange: Service) -> None:
    block = melange.block("acme", "10.0.0.0/24", "net")
    subnet = {"subnet": {"cidr": "10.0.0.128/25"}}
    melange.ok("POST", f"/tenants/acme/ip_blocks/{block.id}/subnets", subnet)
    assert allocate(melange) == ["10.0.0.128"]
    assert allocate(melange, addresses=["10.0.0.200"]) == ["10.0.0.200"]


def test_the_interface_may_be_anothers_than_the_network(melange: Service) -> None:
    melange.block("acme", "10.0.0.0/24", "net")
    allocate(melange, tenant_id="guest", used_by_device="vm")
    shown = melange.ok("GET", "/tenants/guest/interfaces/v1")["interface"]
    assert (shown["device_id"], len(shown["ip_addresses"])) == ("vm", 1)
    status, detail = melange.refused("POST", V1)
    assert status == 400 and "Virtual Interface v1 already exists" in detail


def test_an_interface_is_on_one_network(melange: Service) -> None:
    melange.block("acme", "10.0.0.0/24", "net")
    melange.block("acme", "10.0.0.0/24", "net2")
    allocate(melange)
    elsewhere = V1.replace("/net/", "/net2/")
    told = melange.refused("POST", elsewhere)
    assert told == (422, "Interface v1 is configured on another network")
    melange.ok("DELETE", V1)
    assert allocate(melange, elsewhere) == ["10.0.0.0"]


def test_released_addresses_rest(melange: Service) -> None:
    melange.block("acme", "10.0.0.0/24", "net")
    allocate(melange), allocate(melange)
    assert melange.ok("DELETE", V1) is None
    assert addresses(melange.ok("GET", V1)) == []
    melange.ok("DELETE", V1)
    assert allocate(melange) == ["10.0.0.2"]


def test_what_does_not_exist_is_not_found(melange: Service) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert melange.refused(method, V1) == (404, "Network net not found")
    melange.block("acme", "10.0.0.0/24", "net")
    for method in ("GET", "DELETE"):
        assert melange.refused(method, V1) == (404, "Interface Not Found")
    other = V1.replace("acme", "other")
    assert melange.refused("POST", other) == (404, "Network net not found")


def test_an_unknown_network_gets_the_default_block(tmp_path: Path) -> None:
    melange = service(tmp_path, "[ipam]\ndefault_cidr = 10.7.0.0/24\n")
    assert allocate(melange) + allocate(melange, V2) == ["10.7.0.0", "10.7.0.1"]
    (block,) = melange.ok("GET", NET)["ip_blocks"]
    assert (block["cidr"], block["type"], block["tenant_id"]) == ("10.7.0.0/24", "private", "acme")
    status, detail = melange.refused(
        "POST", "/tenants/other/networks/net/interfaces/v3/ip_allocations"
    )
    assert status == 400 and "cidr overlaps with block 10.7.0.0/24 in same network" in detail


def test_tenants_use_their_own_networks_and_interfaces(melange: Service) -> None:
    melange.block("acme", "10.0.0.0/24", "net")
    acme = melange.as_tenant("acme")
    assert allocate(acme) == ["10.0.0.0"]
    assert melange.as_tenant("other").call("POST", V2).status_int == 403
    assert acme.call("POST", V2, {"network": {"tenant_id": "other"}}).status_int == 403


def test_interfaces_of_others_are_not_there_unless_they_are_on_the_network(
    melange: Service,
) -> None:
    melange.block("acme", "10.0.0.0/24", "net")
    theirs = {"interface": {"id": "v2", "tenant_id": "other"}}
    melange.ok("POST", "/interfaces", theirs)
    acme = melange.as_tenant("acme")
    for method in ("GET", "DELETE"):
        assert acme.refused(method, V2) == (404, "Interface Not Found")
    made = allocate(melange, V2, tenant_id="other")
    assert addresses(acme.ok("GET", V2)) == made
    acme.ok("DELETE", V2)
    assert melange.ok("GET", V2) == {"ip_addresses": []}
