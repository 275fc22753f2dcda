"""What a policy keeps back, its blocks do not give out; from the moment it says so."""

from __future__ import annotations

from typing import Any

import pytest

from melange.ipam.blocks import Block
from tests.melange.everywhere import TENANT, Melange, path_of
from tests.melange.ipam.ledger import require_agreement

POLICIES = f"/tenants/{TENANT}/policies"


def new_policy(melange: Melange, **fields: Any) -> str:
    path: str = melange.post(POLICIES, {"policy": {"name": "p", **fields}})["policy"]["id"]
    return path


def keep_back(melange: Melange, policy: str, offset: int, length: int) -> str:
    body = {"ip_range": {"offset": offset, "length": length}}
    made = melange.post(f"{POLICIES}/{policy}/unusable_ip_ranges", body)
    path = f"{POLICIES}/{policy}/unusable_ip_ranges/{made['ip_range']['id']}"
    return path


def keep_octet(melange: Melange, policy: str, octet: int) -> str:
    body = {"ip_octet": {"octet": octet}}
    made = melange.post(f"{POLICIES}/{policy}/unusable_ip_octets", body)
    return f"{POLICIES}/{policy}/unusable_ip_octets/{made['ip_octet']['id']}"


def draw_all(melange: Melange, block: Block) -> list[str]:
    """Every address the block gives out, the host part only."""
    found = []
    while True:
        answer = melange.call("POST", path_of(block, "ip_addresses"))
        if answer.status_int == 422:
            assert answer.json["UnprocessableEntity"]["detail"] == "IpBlock is full"
            return found
        assert answer.status_int == 201, answer.text
        found.append(answer.json["ip_address"]["address"].rpartition(".")[2])


def take(melange: Melange, block: Block, host: int) -> tuple[int, str] | None:
    """Why this very address cannot be had; None: it could."""
    address = f"10.0.0.{host}"
    path, body = path_of(block, "ip_addresses"), {"ip_address": {"address": address}}
    if melange.call("POST", path, body).status_int == 201:
        return None
    return melange.refusal("POST", path, body)


@pytest.mark.parametrize(
    ("offset", "length", "given"),
    [
        (0, 2, "2 3 4 5 6"),
        (3, 0, "0 1 2 3 4 5 6"),
        (2, 3, "0 1 5 6"),
        (-4, 2, "0 1 2 3 6"),
        (-3, 100, "0 1 2 3 4"),
        (6, 100, "0 1 2 3 4 5"),
        (100, 5, "0 1 2 3 4 5 6"),
    ],
)
def test_a_range_counts_from_the_start_or_from_the_end(
    melange: Melange, offset: int, length: int, given: str
) -> None:
    policy = new_policy(melange)
    keep_back(melange, policy, offset, length)
    block = melange.new_block("10.0.0.0/29", policy_id=policy)
    assert draw_all(melange, block) == given.split()
    require_agreement(melange)


def test_an_octet_is_kept_back_in_every_256_addresses(melange: Melange) -> None:
    policy = new_policy(melange)
    for octet in range(2, 256):
        keep_octet(melange, policy, octet)
    block = melange.new_block("10.0.0.0/22", policy_id=policy)
    assert draw_all(melange, block) == ["0", "1"] * 4


def test_changes_take_effect_on_blocks_there_are(melange_everywhere: Melange) -> None:
    melange = melange_everywhere
    policy = new_policy(melange)
    block = melange.new_block("10.0.0.0/28", policy_id=policy, gateway="10.0.0.1")
    first = keep_back(melange, policy, 2, 3)
    assert take(melange, block, 3) == (422, "policy_forbids")
    octet = keep_octet(melange, policy, 6)
    assert take(melange, block, 6) == (422, "policy_forbids")
    require_agreement(melange)
    melange.put(first, {"ip_range": {"offset": 3}})
    assert take(melange, block, 2) is None
    melange.put(octet, {"ip_octet": {"octet": 7}})
    assert take(melange, block, 6) is None
    require_agreement(melange)
    assert draw_all(melange, block) == ["0", "8", "9", "10", "11", "12", "13", "14"]
    melange.delete(first)
    melange.delete(octet)
    require_agreement(melange)
    assert draw_all(melange, block) == ["3", "4", "5", "7"]
    require_agreement(melange)


def test_addresses_in_use_stay_when_a_policy_excludes_them(melange: Melange) -> None:
    policy = new_policy(melange)
    block = melange.new_block("10.0.0.0/29", policy_id=policy)
    assert take(melange, block, 2) is None
    assert take(melange, block, 4) is None
    kept = keep_back(melange, policy, 2, 2)
    keep_octet(melange, policy, 4)
    require_agreement(melange)
    assert draw_all(melange, block) == ["0", "1", "5", "6"]
    melange.delete(kept)
    require_agreement(melange)
    assert draw_all(melange, block) == ["3"]


def test_a_deleted_policy_leaves_its_blocks_without_one(melange_everywhere: Melange) -> None:
    melange = melange_everywhere
    policy = new_policy(melange)
    keep_back(melange, policy, 1, 4)
    keep_octet(melange, policy, 5)
    block = melange.new_block("10.0.0.0/29", policy_id=policy)
    melange.delete(f"{POLICIES}/{policy}")
    assert melange.get(path_of(block))["ip_block"]["policy_id"] is None
    assert draw_all(melange, block) == ["0", "1", "2", "3", "4", "5", "6"]
    require_agreement(melange)


def test_a_block_may_change_its_policy(melange: Melange) -> None:
    one, other = new_policy(melange), new_policy(melange)
    keep_back(melange, one, 0, 4)
    keep_octet(melange, other, 5)
    block = melange.new_block("10.0.0.0/29", policy_id=one)
    melange.put(path_of(block), {"ip_block": {"policy_id": other}})
    require_agreement(melange)
    assert draw_all(melange, block) == ["0", "1", "2", "3", "4", "6"]


def test_a_subnetted_block_follows_its_policy_when_it_has_addresses_again(
    melange: Melange,
) -> None:
    policy = new_policy(melange)
    block = melange.new_block("10.0.0.0/29", policy_id=policy)
    subnet = melange.post(path_of(block, "subnets"), {"subnet": {"prefix": 30}})["subnet"]["id"]
    keep_back(melange, policy, 0, 5)
    require_agreement(melange)
    melange.delete(f"/tenants/{TENANT}/ip_blocks/{subnet}")
    require_agreement(melange)
    assert draw_all(melange, block) == ["5", "6"]


def test_a_policy_chooses_the_generator_of_its_blocks(melange: Melange) -> None:
    policy = new_policy(melange, ipv6_generator="sequential")
    block = melange.new_block("fd00::/64", policy_id=policy)
    made = melange.post(path_of(block, "ip_addresses"))["ip_address"]
    assert made["address"] == "fd00:0000:0000:0000:0000:0000:0000:0000"
    melange.put(f"{POLICIES}/{policy}", {"policy": {"ipv6_generator": "rfc2462"}})
    body = {"ip_address": {"mac_address": "12:ff:12:89:67:34"}}
    made = melange.post(path_of(block, "ip_addresses"), body)["ip_address"]
    assert made["address"].endswith(":10ff:12ff:fe89:6734")
    require = melange.refusal("POST", path_of(block, "ip_addresses"), {"ip_address": {}})
    assert require == (400, "parameters_missing")
