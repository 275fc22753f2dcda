"""Addresses allowed on interfaces, through the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.melange.service import Service, service

V1, V2 = (f"/tenants/acme/interfaces/{vif}/allowed_ips" for vif in ("v1", "v2"))


@pytest.fixture
def melange(tmp_path: Path) -> Service:
    """With v1 at 10.0.0.0 and v2 at 10.0.0.1 of the network net."""
    found = service(tmp_path)
    found.block("acme", "10.0.0.0/24", "net")
    for vif_id in ("v1", "v2"):
        plug(found, vif_id, network={"id": "net", "tenant_id": "acme"})
    return found


def plug(melange: Service, vif_id: str, **fields: Any) -> None:
    body = {"interface": {"tenant_id": "acme", "id": vif_id, **fields}}
    melange.ok("POST", "/interfaces", body)


def allow(address: str, network_id: str = "net") -> dict[str, Any]:
    return {"allowed_ip": {"network_id": network_id, "ip_address": address}}


def addresses(melange: Service, path: str) -> list[str]:
    return [one["address"] for one in melange.ok("GET", path)["ip_addresses"]]


def test_an_interface_is_allowed_its_own_addresses_and_those_of_others(melange: Service) -> None:
    assert addresses(melange, V2) == ["10.0.0.1"]
    made = melange.ok("POST", V2, allow("10.0.0.0"))["ip_address"]
    assert (made["address"], made["interface_id"]) == ("10.0.0.0", "v1")
    assert addresses(melange, V2) == ["10.0.0.0", "10.0.0.1"]
    assert addresses(melange, f"{V2}?address=10.0.0.0") == ["10.0.0.0"]
    assert melange.ok("GET", f"{V2}/10.0.0.0")["ip_address"] == made
    assert addresses(melange, V1) == ["10.0.0.0"]


def test_what_was_allowed_can_be_forbidden_again(melange: Service) -> None:
    melange.ok("POST", V2, allow("10.0.0.0"))
    melange.ok("DELETE", f"{V2}/10.0.0.0")
    for method in ("GET", "DELETE"):
        told = melange.refused(method, f"{V2}/10.0.0.0")
        assert told == (404, "Ip Address 10.0.0.0 hasnt been allowed on interface v2")
    melange.ok("DELETE", f"{V2}/10.0.0.1")
    assert addresses(melange, V2) == ["10.0.0.1"]


def test_an_address_is_allowed_once(melange: Service) -> None:
    melange.ok("POST", V2, allow("10.0.0.0"))
    status, detail = melange.refused("POST", V2, allow("10.0.0.0"))
    assert status == 400 and detail.startswith("Failed to save AllowedIp because: 10.0.0.0")


def test_any_spelling_finds_an_ipv6_address(melange: Service) -> None:
    melange.block("acme", "fe::/64", "net6")
    for vif_id, mac in (("v3", "00:00:00:00:00:01"), ("v4", "00:00:00:00:00:02")):
        plug(melange, vif_id, mac_address=mac, network={"id": "net6", "tenant_id": "acme"})
    (own,) = addresses(melange, "/tenants/acme/interfaces/v3/allowed_ips")
    path = "/tenants/acme/interfaces/v4/allowed_ips"
    melange.ok("POST", path, allow(own.upper(), "net6"))
    short = own.replace(":0000:0000:0000:", "::").lstrip("0")
    assert melange.ok("GET", f"{path}/{short}")["ip_address"]["address"] == own


def test_only_allocated_addresses_of_the_tenant_can_be_allowed(melange: Service) -> None:
    plug(melange, "v3", tenant_id="other", network={"id": "net", "tenant_id": "acme"})
    for address in ("10.0.0.9", "10.0.0.2"):
        told = melange.refused("POST", V1, allow(address))
        assert told == (404, f"IpAddress with address {address} for network net not found")
    assert melange.refused("POST", V1, allow("10.0.0.0", "no")) == (404, "Network no not found")
    assert melange.refused("POST", V1, allow("nowhere"))[0] == 400
    assert melange.refused("POST", V1, {})[0] == 400


def test_the_interface_has_to_be_on_the_network(melange: Service) -> None:
    plug(melange, "v3")
    status, detail = melange.refused(
        "POST", "/tenants/acme/interfaces/v3/allowed_ips", allow("10.0.0.0")
    )
    assert (status, detail) == (
        422,
        "Ip 10.0.0.0 cannot be allowed on interface v3 as interface is not configured for ip's"
        " network",
    )


def test_an_interface_of_another_tenant_is_not_found(melange: Service) -> None:
    path = "/tenants/other/interfaces/v1/allowed_ips"
    for method, where in (("GET", path), ("POST", path), ("GET", f"{path}/10.0.0.0")):
        told = melange.refused(method, where, allow("10.0.0.0") if method == "POST" else None)
        assert told == (404, "Interface Not Found")


def test_an_allowed_address_outlives_its_interface(melange: Service) -> None:
    melange.ok("POST", V2, allow("10.0.0.0"))
    melange.ok("DELETE", "/interfaces/v1")
    assert addresses(melange, V2) == ["10.0.0.0", "10.0.0.1"]
    assert melange.ok("GET", f"{V2}/10.0.0.0")["ip_address"]["interface_id"] is None


def test_a_suffix_is_a_part_of_the_address(melange: Service) -> None:
    status, detail = melange.refused("GET", f"{V1}/10.0.0.0.json")
    assert status == 404 and "10.0.0.0.json" in detail
