"""Floating IPs of a tenant."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.melange.everywhere import Melange, path_of

PATH = "/tenants/acme/floating_ips"


@pytest.fixture
def local(melange: Melange) -> dict[str, str]:
    """An address that acme has in a private block of its own."""
    return new_local(melange)


def new_local(melange: Melange) -> dict[str, str]:
    block = melange.new_block("10.0.0.0/24")
    melange.post(path_of(block, "ip_addresses"), {"ip_address": {"interface_id": "vif"}})
    return {"ip_block_id": block.id, "address": "10.0.0.0"}


def create(melange: Melange, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = melange.post(PATH, {"floating_ip": fields})["floating_ip"]
    return made


def test_one_call_allocates_and_associates(melange: Melange, local: dict[str, str]) -> None:
    block = melange.new_block("8.8.8.0/24", type="public")
    made = create(melange.as_tenant("acme"), inside_local=local)
    assert (made["address"], made["ip_block_id"]) == ("8.8.8.0", block.id)
    assert made["inside_local"] == {**local, "interface_id": "vif", "used_by_device": None}
    assert melange.get(f"{PATH}/{made['id']}")["floating_ip"] == made
    inside = path_of(block, "ip_addresses", "8.8.8.0", "inside_locals")
    assert [one["address"] for one in melange.get(inside)["ip_addresses"]] == ["10.0.0.0"]


def test_nothing_is_allocated_when_the_inside_address_is_not_there(
    melange: Melange, local: dict[str, str]
) -> None:
    melange.new_block("8.8.8.0/24", type="public")
    wrong = {"floating_ip": {"inside_local": {**local, "address": "10.0.0.9"}}}
    assert melange.refusal("POST", PATH, wrong) == (404, "ip_address_not_found")
    half = {"floating_ip": {"inside_local": {"address": "10.0.0.0"}}}
    assert melange.refusal("POST", PATH, half) == (400, "invalid_values")
    assert melange.get(PATH)["floating_ips"] == []


def test_own_blocks_come_before_shared_ones_and_a_full_one_is_passed_over(
    melange: Melange,
) -> None:
    melange.new_block("9.9.9.0/24", "provider", type="public", shared=True)
    melange.new_block("7.7.7.0/24", "provider", type="public")
    melange.new_block("8.8.8.8/32", type="public")
    acme = melange.as_tenant("acme")
    assert [create(acme)["address"] for _ in range(2)] == ["8.8.8.8", "9.9.9.0"]


def test_a_block_or_an_address_may_be_named(melange: Melange) -> None:
    shared = melange.new_block("9.9.9.0/24", "provider", type="public", shared=True)
    hidden = melange.new_block("7.7.7.0/24", "provider", type="public")
    assert create(melange, ip_block_id=shared.id)["address"] == "9.9.9.0"
    assert create(melange, address="9.9.9.9")["address"] == "9.9.9.9"
    refusal = melange.refusal("POST", PATH, {"floating_ip": {"ip_block_id": hidden.id}})
    assert refusal == (404, "ip_block_not_found")
    taken = melange.refusal("POST", PATH, {"floating_ip": {"address": "9.9.9.9"}})
    assert taken == (409, "address_taken")


def test_without_a_public_block_there_are_none(melange: Melange, local: dict[str, str]) -> None:
    body = {"floating_ip": {"inside_local": local}}
    assert melange.refusal("POST", PATH, body) == (422, "no_floating_block")


def test_it_is_moved_and_taken_away(melange: Melange, local: dict[str, str]) -> None:
    melange.new_block("8.8.8.0/24", type="public")
    path = f"{PATH}/{create(melange, inside_local=local)['id']}"
    melange.post(
        f"/tenants/acme/ip_blocks/{local['ip_block_id']}/ip_addresses",
        {"ip_address": {"address": "10.0.0.7"}},
    )
    moved = {**local, "address": "10.0.0.7"}
    changed = melange.put(path, {"floating_ip": {"inside_local": moved}})["floating_ip"]
    assert changed["inside_local"]["address"] == "10.0.0.7"
    assert melange.put(path, {"floating_ip": {}})["floating_ip"] == changed
    freed = melange.put(path, {"floating_ip": {"inside_local": None}})["floating_ip"]
    assert freed["inside_local"] is None


def test_a_deleted_one_rests_like_any_address(melange: Melange, local: dict[str, str]) -> None:
    block = melange.new_block("8.8.8.0/24", type="public")
    path = f"{PATH}/{create(melange, inside_local=local)['id']}"
    tag = melange.call("GET", path).headers["ETag"]
    melange.put(path, {"floating_ip": {"inside_local": None}})
    assert melange.refusal("DELETE", path, If_Match=tag) == (412, "stale")
    melange.delete(path)
    assert melange.refusal("GET", path) == (404, "floating_ip_not_found")
    explained = melange.get(path_of(block, "explain?address=8.8.8.0"))["explanation"]
    assert explained["reason"] == "quarantined"


def test_others_see_and_touch_nothing_of_it(melange: Melange, local: dict[str, str]) -> None:
    melange.new_block("8.8.8.0/24", type="public", shared=True)
    made = create(melange, inside_local=local)
    other, theirs = melange.as_tenant("other"), "/tenants/other/floating_ips"
    assert other.get(theirs)["floating_ips"] == []
    gone = (404, "floating_ip_not_found")
    for method in ("GET", "PUT", "DELETE"):
        assert other.refusal(method, f"{theirs}/{made['id']}") == gone
    stolen = {"floating_ip": {"inside_local": local}}
    assert other.refusal("POST", theirs, stolen) == (404, "ip_address_not_found")


def test_rivals_for_the_last_address_get_it_once(melange_everywhere: Melange) -> None:
    melange = melange_everywhere
    local = new_local(melange)
    melange.new_block("8.8.8.8/31", type="public")
    body = {"floating_ip": {"inside_local": local}}
    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(melange.call, "POST", PATH, body) for _ in range(6)]
        statuses = sorted(call.result().status_int for call in calls)
    assert statuses == [201, 201, 422, 422, 422, 422]
    listed = melange.get(PATH)["floating_ips"]
    assert [one["inside_local"]["address"] for one in listed] == ["10.0.0.0"] * 2


def test_only_administrators_share_a_block(melange: Melange) -> None:
    acme = melange.as_tenant("acme")
    fields = {"type": "public", "cidr": "8.8.8.0/24", "shared": True}
    refused = acme.answer(403, "POST", "/tenants/acme/ip_blocks", {"ip_block": fields})
    assert refused.text == "only administrators share a block with other tenants"
    block = melange.new_block("8.8.8.0/24", type="public")
    acme.answer(403, "PUT", path_of(block), {"ip_block": {"shared": True}})
    melange.put(path_of(block), {"ip_block": {"shared": True}})
    # Whoever sends back what a GET has shown shares nothing.
    kept = acme.put(path_of(block), {"ip_block": {"shared": True, "dns1": "9.9.9.9"}})
    assert kept["ip_block"]["shared"] is True
