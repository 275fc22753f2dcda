"""Policies change, blocks come and go, and addresses are drawn, all at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import webob

from tests.melange.everywhere import TENANT, Melange, path_of
from tests.melange.ipam.ledger import require_agreement

POLICIES = f"/tenants/{TENANT}/policies"
ROUNDS = 12


def new_policy(melange: Melange) -> str:
    made = melange.post(POLICIES, {"policy": {"name": "p"}})["policy"]
    return f"{POLICIES}/{made['id']}"


def together(*work: Callable[[], None]) -> None:
    with ThreadPoolExecutor(len(work)) as threads:
        for done in [threads.submit(one) for one in work]:
            done.result(timeout=60)


def number_of(answer: webob.Response) -> int:
    text: str = answer.json["ip_address"]["address"]
    return int(text.rpartition(".")[2])


def test_draws_beside_changes_of_a_range_leave_nothing_out(melange_everywhere: Melange) -> None:
    melange = melange_everywhere
    policy = new_policy(melange)
    block = melange.new_block("10.0.0.0/25", policy_id=policy.rpartition("/")[2])
    body = {"ip_range": {"offset": 0, "length": 8}}
    kept = melange.post(f"{policy}/unusable_ip_ranges", body)["ip_range"]["id"]
    found: list[int] = []

    def draw() -> None:
        for _ in range(ROUNDS):
            answer = melange.answer(201, "POST", path_of(block, "ip_addresses"))
            found.append(number_of(answer))

    def move() -> None:
        for turn in range(ROUNDS):
            moved = {"ip_range": {"offset": turn * 7 % 100}}
            melange.put(f"{policy}/unusable_ip_ranges/{kept}", moved)

    together(draw, draw, draw, move)
    assert len(found) == len(set(found)) == 3 * ROUNDS
    require_agreement(melange)


def test_draws_beside_changes_of_octets_are_of_one_side_of_each(
    melange_everywhere: Melange,
) -> None:
    melange = melange_everywhere
    policy = new_policy(melange)
    block = melange.new_block("10.0.0.0/25", policy_id=policy.rpartition("/")[2])
    found: list[int] = []

    def draw() -> None:
        for _ in range(ROUNDS):
            answer = melange.answer(201, "POST", path_of(block, "ip_addresses"))
            found.append(number_of(answer))

    def come_and_go() -> None:
        for turn in range(ROUNDS):
            body = {"ip_octet": {"octet": turn * 3}}
            made = melange.post(f"{policy}/unusable_ip_octets", body)["ip_octet"]["id"]
            if turn % 2:
                melange.delete(f"{policy}/unusable_ip_octets/{made}")

    together(draw, draw, draw, come_and_go)
    assert len(found) == len(set(found)) == 3 * ROUNDS
    require_agreement(melange)


def test_blocks_that_join_a_policy_while_it_changes_follow_it(
    melange_everywhere: Melange,
) -> None:
    melange = melange_everywhere
    policy = new_policy(melange)
    policy_id = policy.rpartition("/")[2]
    other = melange.new_block("10.1.0.0/29")

    def change() -> None:
        for turn in range(ROUNDS):
            body = {"ip_range": {"offset": turn % 6, "length": 1}}
            made = melange.post(f"{policy}/unusable_ip_ranges", body)["ip_range"]["id"]
            if turn % 2:
                melange.delete(f"{policy}/unusable_ip_ranges/{made}")

    def make() -> None:
        for turn in range(ROUNDS // 2):
            melange.new_block(f"10.0.{turn}.0/29", policy_id=policy_id)

    def join_and_leave() -> None:
        for turn in range(ROUNDS):
            named = None if turn % 2 else policy_id
            melange.put(path_of(other), {"ip_block": {"policy_id": named}})

    together(change, make, join_and_leave)
    require_agreement(melange)


def test_a_policy_that_is_deleted_while_blocks_join_it_is_no_blocks_policy(
    melange_everywhere: Melange,
) -> None:
    melange = melange_everywhere
    policy = new_policy(melange)
    policy_id = policy.rpartition("/")[2]
    melange.post(f"{policy}/unusable_ip_ranges", {"ip_range": {"offset": 0, "length": 4}})
    made: list[str] = []

    def make() -> None:
        path = f"/tenants/{TENANT}/ip_blocks"
        for turn in range(ROUNDS):
            fields = {"type": "private", "cidr": f"10.0.{turn}.0/29", "policy_id": policy_id}
            answer = melange.call("POST", path, {"ip_block": fields})
            assert answer.status_int in (201, 400), answer.text
            if answer.status_int == 201:
                made.append(answer.json["ip_block"]["id"])

    together(make, lambda: melange.delete(policy))
    for block_id in made:
        shown = melange.get(f"/tenants/{TENANT}/ip_blocks/{block_id}")["ip_block"]
        assert shown["policy_id"] is None
    require_agreement(melange)


def test_draws_beside_the_deletion_of_their_block_succeed_before_and_fail_after(
    melange_everywhere: Melange,
) -> None:
    melange = melange_everywhere
    doomed = [melange.new_block(f"10.0.{number}.0/24") for number in range(4)]

    def draw() -> None:
        for block in doomed:
            while True:
                answer = melange.call("POST", path_of(block, "ip_addresses"))
                assert answer.status_int in (201, 404), answer.text
                if answer.status_int == 404:
                    break

    def delete() -> None:
        for block in doomed:
            melange.delete(path_of(block))

    together(draw, draw, delete)
    assert melange.get(f"/tenants/{TENANT}/allocated_ip_addresses")["ip_addresses"] == []
