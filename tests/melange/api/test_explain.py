"""Why an address is or is not to be had."""

from __future__ import annotations

from typing import Any

import pytest

from melange.ipam import blocks, explain
from melange.ipam.blocks import Block
from melange.ipam.unit import Unit
from tests.melange.everywhere import Melange, path_of


@pytest.fixture
def block(melange: Melange) -> Block:
    """10.0.0.0/24 with a gateway and a policy."""
    policy = melange.post("/tenants/acme/policies", {"policy": {"name": "p"}})["policy"]["id"]
    rules = f"/tenants/acme/policies/{policy}"
    for offset in (16, -16):
        body = {"ip_range": {"offset": offset, "length": 8}}
        melange.post(f"{rules}/unusable_ip_ranges", body)
    melange.post(f"{rules}/unusable_ip_octets", {"ip_octet": {"octet": 77}})
    return melange.new_block("10.0.0.0/24", gateway="10.0.0.1", policy_id=policy)


def told(melange: Melange, block: Block, address: str) -> dict[str, Any]:
    path = path_of(block, f"explain?address={address}")
    found: dict[str, Any] = melange.get(path)["explanation"]
    return found


def test_a_free_address_is_available(melange: Melange, block: Block) -> None:
    found = told(melange, block, "10.0.0.5")
    assert (found["address"], found["available"], found["reason"]) == ("10.0.0.5", True, "free")


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("10.0.0.1", "gateway"),
        ("10.0.0.255", "broadcast"),
        ("10.0.1.0", "outside"),
        ("fd00::1", "outside"),
    ],
)
def test_what_nobody_gets_is_told_with_the_reason(
    melange: Melange, block: Block, address: str, reason: str
) -> None:
    found = told(melange, block, address)
    assert (found["available"], found["reason"]) == (False, reason)
    taken = melange.call(
        "POST", path_of(block, "ip_addresses"), {"ip_address": {"address": address}}
    )
    assert taken.status_int in (409, 422)


def test_the_policys_rule_is_named(melange: Melange, block: Block) -> None:
    ranges = melange.get(f"/tenants/acme/policies/{block.policy_id}/unusable_ip_ranges")
    by_offset = {one["offset"]: one["id"] for one in ranges["ip_ranges"]}
    for address, offset in (("10.0.0.23", 16), ("10.0.0.240", -16)):
        found = told(melange, block, address)
        assert found["reason"] == "policy_range"
        assert (found["ip_range_id"], found["offset"]) == (by_offset[offset], offset)
        assert found["detail"].endswith(f", as one of 8 from offset {offset} on")
    octet = told(melange, block, "10.0.0.77")
    assert (octet["reason"], octet["octet"]) == ("policy_octet", 77)
    assert octet["detail"] == f"policy {block.policy_id} keeps it back, as all that end in 77"


def test_an_allocated_address_tells_who_has_it(melange: Melange, block: Block) -> None:
    body = {"ip_address": {"interface_id": "vif", "used_by_device": "host"}}
    melange.post(path_of(block, "ip_addresses"), body)
    found = told(melange.as_tenant("acme"), block, "10.0.0.0")
    assert (found["available"], found["reason"]) == (False, "allocated")
    assert (found["interface_id"], found["used_by_device"]) == ("vif", "host")
    assert (found["used_by_tenant"], found["floating"]) == ("acme", False)


def test_a_released_address_tells_how_long_it_rests(melange: Melange, block: Block) -> None:
    made = melange.post(path_of(block, "ip_addresses"))["ip_address"]
    melange.delete(path_of(block, "ip_addresses", made["address"]))
    found = told(melange, block, made["address"])
    assert (found["available"], found["reason"]) == (False, "quarantined")
    assert found["quarantined_until"] > made["created_at"]

    def much_later(unit: Unit) -> explain.Explanation:
        unit.now = unit.now.replace(year=unit.now.year + 1)
        return explain.explain(unit, blocks.get(unit, block.id), made["address"])

    later = melange.within(much_later)
    assert (later.available, later.reason) == (True, "rested")


def test_an_address_of_a_subnet_is_asked_for_there(melange: Melange) -> None:
    block = melange.new_block("10.0.0.0/24")
    subnet = melange.post(path_of(block, "subnets"), {"subnet": {"cidr": "/26"}})["subnet"]
    inside, beside = told(melange, block, "10.0.0.9"), told(melange, block, "10.0.0.99")
    assert (inside["reason"], inside["subnet_id"]) == ("subnetted", subnet["id"])
    assert (beside["reason"], beside["available"]) == ("subnetted", False)
    assert "subnet_id" not in beside


def test_a_shared_block_does_not_tell_tenants_about_each_other(melange: Melange) -> None:
    block = melange.new_block("8.8.8.0/24", "provider", type="public", shared=True)
    melange.post("/tenants/acme/floating_ips")
    melange.post("/tenants/other/floating_ips")
    acme, path = melange.as_tenant("acme"), f"/tenants/acme/ip_blocks/{block.id}/explain"
    mine = acme.get(f"{path}?address=8.8.8.0")["explanation"]
    theirs = acme.get(f"{path}?address=8.8.8.1")["explanation"]
    assert (mine["used_by_tenant"], mine["floating"]) == ("acme", True)
    assert theirs["reason"] == "allocated"
    assert "other" not in str(theirs)


def test_an_address_has_to_be_given(melange: Melange, block: Block) -> None:
    for query in ("", "?address=", "?address=ten"):
        refusal = melange.refusal("GET", path_of(block, f"explain{query}"))
        assert refusal == (400, "invalid_values")
