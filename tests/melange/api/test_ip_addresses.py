"""Addresses of a block, and addresses in use."""

from __future__ import annotations

from typing import Any

import pytest

from tests.melange.everywhere import Melange, path_of

TAKEN = (409, "address_taken")
OWN_FIELDS = {
    "id",
    "ip_block_id",
    "address",
    "version",
    "used_by_tenant",
    "used_by_device",
    "interface_id",
    "created_at",
    "updated_at",
}


def addresses(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [one["address"] for one in answer["ip_addresses"]]


@pytest.fixture
def path(melange: Melange) -> str:
    return path_of(melange.new_block("10.30.0.0/29", gateway="10.30.0.1"), "ip_addresses")


def test_the_lowest_free_address_is_given_until_the_block_is_full(
    melange: Melange, path: str
) -> None:
    melange.post(path, {"ip_address": {"address": "10.30.0.5"}})
    given = [melange.post(path)["ip_address"]["address"] for _ in range(5)]
    assert given == [f"10.30.0.{n}" for n in (0, 2, 3, 4, 6)]
    assert melange.refusal("POST", path) == (422, "ip_block_full")


def test_an_address_shows_who_has_it(melange: Melange, path: str) -> None:
    wanted = {"interface_id": "vif", "tenant_id": "other", "used_by_device": "host"}
    made = melange.post(path, {"ip_address": wanted})["ip_address"]
    assert made.keys() == OWN_FIELDS
    assert (made["interface_id"], made["used_by_tenant"]) == ("vif", "other")
    assert made["used_by_device"] == "host"
    assert melange.get(f"{path}/10.30.0.0")["ip_address"] == made


def test_without_an_interface_the_tenants_nameless_one_has_all(melange: Melange, path: str) -> None:
    first, second = melange.post(path), melange.post(path, {"ip_address": {}})
    assert first["ip_address"]["interface_id"] == second["ip_address"]["interface_id"]
    other = melange.post(path, {"ip_address": {"tenant_id": "other"}})
    assert other["ip_address"]["interface_id"] != first["ip_address"]["interface_id"]


def test_a_certain_address_is_had_once(melange: Melange, path: str) -> None:
    melange.post(path, {"ip_address": {"address": "10.30.0.3"}})
    for address in ("10.30.0.3", "10.30.0.1", "10.30.0.7"):
        assert melange.refusal("POST", path, {"ip_address": {"address": address}}) == TAKEN
    outside = melange.refusal("POST", path, {"ip_address": {"address": "10.31.0.3"}})
    assert outside == (422, "address_outside")
    junk = melange.refusal("POST", path, {"ip_address": {"address": "ten"}})
    assert junk == (400, "invalid_values")


def test_a_released_address_rests_without_interface_until_it_is_restored(
    melange: Melange, path: str
) -> None:
    melange.post(path, {"ip_address": {"interface_id": "vif"}})
    melange.delete(f"{path}/10.30.0.0")
    melange.delete(f"{path}/10.30.0.0")
    assert melange.get(f"{path}/10.30.0.0")["ip_address"]["interface_id"] is None
    assert melange.refusal("POST", path, {"ip_address": {"address": "10.30.0.0"}}) == TAKEN
    assert addresses(melange.get("/allocated_ip_addresses")) == []
    melange.put(f"{path}/10.30.0.0/restore")
    assert addresses(melange.get("/tenants/acme/allocated_ip_addresses")) == ["10.30.0.0"]


def test_what_is_no_address_of_the_block_is_not_found(melange: Melange, path: str) -> None:
    gone = (404, "ip_address_not_found")
    for address in ("10.30.0.2", "junk", "::1", "10.30.0.300"):
        assert melange.refusal("GET", f"{path}/{address}") == gone
        assert melange.refusal("DELETE", f"{path}/{address}") == gone
        assert melange.refusal("PUT", f"{path}/{address}/restore") == gone


def test_ipv6_addresses_are_shown_in_full_and_found_in_any_spelling(melange: Melange) -> None:
    path = path_of(melange.new_block("fd00::/64"), "ip_addresses")
    body = {"ip_address": {"mac_address": "00:ff:12:89:67:34", "tenant_id": "1234"}}
    made = melange.post(path, body)["ip_address"]
    assert made["address"] == "fd00:0000:0000:0000:7110:eda4:ff89:6734"
    assert melange.get(f"{path}/FD00::7110:eda4:ff89:6734")["ip_address"] == made
    assert melange.refusal("POST", path) == (400, "parameters_missing")


def test_many_addresses_are_given_together_or_not_at_all(melange: Melange, path: str) -> None:
    given = melange.post(path, {"ip_address": {"interface_id": "vif", "count": 3}})
    assert addresses(given) == ["10.30.0.0", "10.30.0.2", "10.30.0.3"]
    assert melange.refusal("POST", path, {"ip_address": {"count": 4}}) == (422, "ip_block_full")
    wanted = [{"interface_id": "a"}, {"address": "10.30.0.4"}, {"address": "10.30.0.3"}]
    assert melange.refusal("POST", path, {"ip_addresses": wanted}) == TAKEN
    assert addresses(melange.get(path)) == addresses(given)
    wanted = [{"interface_id": "a"}, {"interface_id": "a"}, {"address": "10.30.0.6"}]
    listed = melange.post(path, {"ip_addresses": wanted})
    assert addresses(listed) == ["10.30.0.4", "10.30.0.5", "10.30.0.6"]


def test_a_call_gives_1_to_1024_addresses(melange: Melange) -> None:
    path = path_of(melange.new_block("10.0.0.0/16"), "ip_addresses")
    assert len(melange.post(path, {"ip_address": {"count": 1024}})["ip_addresses"]) == 1024
    bodies: list[Any] = [
        {"ip_address": {"count": 1025}},
        {"ip_address": {"count": 0}},
        {"ip_address": {"count": 2, "address": "10.0.9.9"}},
        {"ip_addresses": [{}] * 1025},
    ]
    for body in bodies:
        assert melange.call("POST", path, body).status_int == 400


def test_a_list_comes_in_pages(melange: Melange, path: str) -> None:
    everything = addresses(melange.post(path, {"ip_address": {"count": 5}}))
    first = melange.get(f"{path}?limit=3")
    (link,) = first["ip_addresses_links"]
    rest = melange.get(link["href"].partition("/v0.1/ipam")[2])
    assert addresses(first) + addresses(rest) == everything
    assert "ip_addresses_links" not in rest


def test_lists_are_narrowed_by_filters(melange: Melange) -> None:
    block = melange.new_block("10.0.0.0/24", network_id="net")
    path = path_of(block, "ip_addresses")
    melange.post(path, {"ip_address": {"interface_id": "a", "used_by_device": "d"}})
    melange.post(path, {"ip_address": {"interface_id": "b", "tags": ["red", "big"]}})
    melange.post(path, {"ip_address": {"tenant_id": "other", "tags": ["red"]}})
    melange.post(path, {"ip_address": {"interface_id": "c"}})
    melange.delete(f"{path}/10.0.0.3")
    expected = {
        "used_by_device=d": [0],
        "interface_id=b": [1],
        "tags=red": [1, 2],
        "tags=red,big": [1],
        "used_by_tenant=other": [2],
        "address=10.0.0.2": [2],
        "within=10.0.0.0/31": [0, 1],
        "network_id=net": [0, 1, 2, 3],
        "network_id=elsewhere": [],
        "state=quarantined": [3],
        "state=allocated&within=10.0.0.2/31": [2],
    }
    for query, last in expected.items():
        found = addresses(melange.get(f"{path}?{query}"))
        assert found == [f"10.0.0.{n}" for n in last], query
    for query in ("address=ten", "within=10/99", "state=odd", "limit=0"):
        assert melange.call("GET", f"{path}?{query}").status_int == 400


def test_addresses_in_use_are_listed_by_who_uses_them(melange: Melange) -> None:
    mine = path_of(melange.new_block("10.0.0.0/24"), "ip_addresses")
    theirs = path_of(melange.new_block("10.0.1.0/24", "provider"), "ip_addresses")
    melange.post(mine)
    melange.post(theirs, {"ip_address": {"tenant_id": "acme", "used_by_device": "d"}})
    melange.post(theirs)
    acme = melange.as_tenant("acme")
    listed = acme.get("/tenants/acme/allocated_ip_addresses")
    assert addresses(listed) == ["10.0.0.0", "10.0.1.0"]
    assert len(melange.get("/allocated_ip_addresses")["ip_addresses"]) == 3
    within = melange.get("/allocated_ip_addresses?within=10.0.1.0/24&used_by_tenant=acme")
    assert addresses(within) == ["10.0.1.0"]
    assert acme.call("GET", "/allocated_ip_addresses").status_int == 403


def test_a_tenant_acts_for_no_other(melange: Melange, path: str) -> None:
    acme = melange.as_tenant("acme")
    assert acme.call("POST", path, {"ip_address": {"tenant_id": "other"}}).status_int == 403
    assert acme.call("POST", path.replace("acme", "other")).status_int == 403
    assert melange.refusal("GET", path.replace("acme", "other")) == (404, "ip_block_not_found")


def test_an_empty_list_is_nobodys_address(melange: Melange) -> None:
    path = path_of(melange.new_block("10.0.0.0/24"), "ip_addresses")
    assert melange.post(path, {"ip_addresses": []}) == {"ip_addresses": []}
    assert melange.get(path)["ip_addresses"] == []
