"""MAC address ranges, and the MAC addresses that interfaces get."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.melange.service import Service, service

RANGES = "/mac_address_ranges"


@pytest.fixture
def melange(tmp_path: Path) -> Service:
    return service(tmp_path)


def add_range(melange: Service, cidr: str) -> str:
    body = {"mac_address_range": {"cidr": cidr}}
    found: str = melange.ok("POST", RANGES, body)["mac_address_range"]["id"]
    return found


def plug(melange: Service, vif_id: str, **fields: Any) -> str | None:
    """A new interface; its MAC address."""
    body = {"interface": {"tenant_id": "acme", "id": vif_id, **fields}}
    mac: str | None = melange.ok("POST", "/interfaces", body)["interface"]["mac_address"]
    return mac


def refusal(melange: Service, vif_id: str, **fields: Any) -> tuple[int, str]:
    body = {"interface": {"tenant_id": "acme", "id": vif_id, **fields}}
    return melange.refused("POST", "/interfaces", body)


def test_a_range_can_be_shown_listed_and_deleted(melange: Service) -> None:
    first = add_range(melange, "AA:BB:CC:00:00:00/24")
    second = add_range(melange, "AA:BB:CD:00:00:00/24")
    shown = melange.ok("GET", f"{RANGES}/{first}")["mac_address_range"]
    assert shown["cidr"] == "AA:BB:CC:00:00:00/24"
    listed = melange.ok("GET", RANGES)["mac_address_ranges"]
    assert [one["id"] for one in listed] == [first, second]
    around = melange.ok("GET", f"{RANGES}?contains=aa-bb-cd-01-02-03")["mac_address_ranges"]
    assert [one["id"] for one in around] == [second]
    melange.ok("DELETE", f"{RANGES}/{first}")
    for method in ("GET", "DELETE"):
        told = melange.refused(method, f"{RANGES}/{first}")
        assert told == (404, "MacAddressRange Not Found")


@pytest.mark.parametrize("body", [None, {}, {"mac_address_range": {"cidr": "junk"}}])
def test_a_range_needs_a_cidr(melange: Service, body: Any) -> None:
    status, detail = melange.refused("POST", RANGES, body)
    assert (status, detail) == (400, "The following values are invalid: cidr: cidr is invalid")


def test_ranges_do_not_overlap(melange: Service) -> None:
    add_range(melange, "AA:BB:CC:00:00:00/24")
    body = {"mac_address_range": {"cidr": "AA:BB:CC:DD:00:00/32"}}
    status, detail = melange.refused("POST", RANGES, body)
    assert status == 400 and "cidr overlaps with range AA:BB:CC:00:00:00/24" in detail


def test_without_ranges_an_interface_has_the_mac_address_it_brings_or_none(
    melange: Service,
) -> None:
    assert plug(melange, "v1") is None
    assert plug(melange, "v2", mac_address="00ff.1289.6734") == "00:FF:12:89:67:34"


def test_ranges_are_drawn_from_in_the_order_of_their_creation(melange: Service) -> None:
    add_range(melange, "BB:00:00:00:00:00/47")
    add_range(melange, "AA:00:00:00:00:00/48")
    macs = [plug(melange, f"v{n}") for n in range(3)]
    assert macs == ["BB:00:00:00:00:00", "BB:00:00:00:00:01", "AA:00:00:00:00:00"]
    assert refusal(melange, "v3") == (422, "No more mac Addresses")
    assert melange.refused("GET", "/tenants/acme/interfaces/v3")[0] == 404


def test_a_freed_mac_address_can_be_had_at_once(melange: Service) -> None:
    add_range(melange, "AA:00:00:00:00:00/47")
    assert [plug(melange, "v1"), plug(melange, "v2")] == ["AA:00:00:00:00:00", "AA:00:00:00:00:01"]
    melange.ok("DELETE", "/interfaces/v1")
    assert plug(melange, "v3") == "AA:00:00:00:00:00"


def test_a_mac_address_that_is_given_is_not_drawn(melange: Service) -> None:
    add_range(melange, "AA:00:00:00:00:00/47")
    assert plug(melange, "v1", mac_address="AA:00:00:00:00:00") == "AA:00:00:00:00:00"
    assert plug(melange, "v2") == "AA:00:00:00:00:01"
    assert refusal(melange, "v3")[0] == 422


def test_nor_is_one_that_was_given_before_the_range_was_made(melange: Service) -> None:
    plug(melange, "v1", mac_address="AA:00:00:00:00:00")
    add_range(melange, "AA:00:00:00:00:00/47")
    assert plug(melange, "v2") == "AA:00:00:00:00:01"
    melange.ok("DELETE", "/interfaces/v1")
    assert plug(melange, "v3") == "AA:00:00:00:00:00"


def test_a_mac_address_in_use_is_refused(melange: Service) -> None:
    add_range(melange, "AA:00:00:00:00:00/40")
    drawn = plug(melange, "v1")
    plug(melange, "v2", mac_address="00:01:02:03:04:05")
    for mac in (drawn, "00:01:02:03:04:05"):
        told = refusal(melange, "v3", mac_address=mac)
        assert told == (400, f"Failed to save MacAddress because: {mac} is in use")


def test_what_is_no_mac_address_is_refused(melange: Service) -> None:
    status, detail = refusal(melange, "v1", mac_address="zz")
    assert status == 400 and "zz is not a valid MAC address" in detail


def test_a_deleted_range_leaves_interfaces_their_mac_addresses(melange: Service) -> None:
    range_id = add_range(melange, "AA:00:00:00:00:00/40")
    mac = plug(melange, "v1")
    melange.ok("DELETE", f"{RANGES}/{range_id}")
    assert melange.ok("GET", "/tenants/acme/interfaces/v1")["interface"]["mac_address"] == mac
    assert plug(melange, "v2") is None
    melange.ok("DELETE", "/interfaces/v1")
    assert plug(melange, "v3", mac_address=mac) == mac


def test_ranges_are_the_administrators(melange: Service) -> None:
    tenant = melange.as_tenant("acme")
    assert tenant.call("GET", RANGES).status_int == 403
    assert tenant.call("POST", RANGES, {}).status_int == 403
