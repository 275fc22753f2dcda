"""Subnets carved out of a block: never over each other, and the lowest that is free."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from melange.ipam import blocks, subnets
from melange.ipam.blocks import Block
from melange.ipam.unit import Unit
from tests.melange.everywhere import TENANT, Melange, path_of
from tests.melange.ipam.ledger import require_agreement


def carve(melange: Melange, block: Block, **fields: Any) -> str:
    made = melange.post(path_of(block, "subnets"), {"subnet": fields})["subnet"]
    cidr: str = made["cidr"]
    return cidr


def remove(melange: Melange, block: Block, cidr: str) -> None:
    (found,) = [
        one for one in melange.get(path_of(block, "subnets"))["subnets"] if one["cidr"] == cidr
    ]
    melange.delete(f"/tenants/{TENANT}/ip_blocks/{found['id']}")


def test_the_next_free_one_is_the_lowest_that_fits(melange: Melange) -> None:
    block = melange.new_block("10.0.0.0/24")
    assert carve(melange, block, prefix=28) == "10.0.0.0/28"
    assert carve(melange, block, cidr="/26") == "10.0.0.64/26"
    assert carve(melange, block, cidr="10.0.0.32/30") == "10.0.0.32/30"
    assert carve(melange, block, prefix=28) == "10.0.0.16/28"
    assert carve(melange, block, prefix=28) == "10.0.0.48/28"
    assert carve(melange, block, prefix=25) == "10.0.0.128/25"
    assert melange.refusal("POST", path_of(block, "subnets"), {"subnet": {"prefix": 28}}) == (
        422,
        "no_room_for_subnet",
    )
    assert carve(melange, block, prefix=29) == "10.0.0.40/29"


def test_what_a_deleted_subnet_had_is_free_together_with_its_neighbours(
    melange: Melange,
) -> None:
    block = melange.new_block("10.0.0.0/24")
    carved = [carve(melange, block, prefix=26) for _ in range(4)]
    for cidr in carved[:2]:
        remove(melange, block, cidr)
    assert carve(melange, block, prefix=25) == "10.0.0.0/25"


def test_a_subnet_may_be_as_large_as_its_block(melange: Melange) -> None:
    block = melange.new_block("fd00::/48")
    assert carve(melange, block, prefix=48) == "fd00::/48"
    remove(melange, block, "fd00::/48")
    assert carve(melange, block, prefix=64) == "fd00::/64"
    assert carve(melange, block, prefix=64) == "fd00:0:0:1::/64"


def test_with_its_last_subnet_gone_a_block_has_its_addresses_again(
    melange_everywhere: Melange,
) -> None:
    melange = melange_everywhere
    block = melange.new_block("10.0.0.0/29", gateway="10.0.0.1")
    for cidr in [carve(melange, block, prefix=30) for _ in range(2)]:
        require_agreement(melange)
        assert melange.refusal("POST", path_of(block, "ip_addresses")) == (
            422,
            "ip_block_subnetted",
        )
        remove(melange, block, cidr)
    require_agreement(melange)
    made = melange.post(path_of(block, "ip_addresses"))["ip_address"]
    assert made["address"] == "10.0.0.0"


def test_deleting_a_block_deletes_the_subnets_of_its_subnets(melange_everywhere: Melange) -> None:
    melange = melange_everywhere
    block = melange.new_block("10.0.0.0/24")
    child = melange.post(path_of(block, "subnets"), {"subnet": {"prefix": 26}})["subnet"]
    below = f"/tenants/{TENANT}/ip_blocks/{child['id']}"
    grandchild = melange.post(f"{below}/subnets", {"subnet": {"prefix": 28}})["subnet"]["id"]
    melange.post(f"/tenants/{TENANT}/ip_blocks/{grandchild}/ip_addresses")
    melange.delete(path_of(block))
    assert melange.get(f"/tenants/{TENANT}/ip_blocks") == {"ip_blocks": []}
    assert melange.within(lambda unit: rows(unit.connection)) == 0


def rows(connection: sa.Connection) -> int:
    """Of all pools."""
    query = sa.text("SELECT count(*) FROM melange_pools")
    found: int = connection.scalar(query) or 0
    return found


def test_many_carvers_at_once_never_get_the_same(melange_everywhere: Melange) -> None:
    melange = melange_everywhere
    block = melange.new_block("10.0.0.0/24")
    sizes = [26, 28, 28, 29, 29, 29, 30, 30] * 3

    def one(prefix: int) -> str | None:
        answer = melange.call("POST", path_of(block, "subnets"), {"subnet": {"prefix": prefix}})
        assert answer.status_int in (201, 422), answer.text
        return None if answer.status_int == 422 else str(answer.json["subnet"]["cidr"])

    with ThreadPoolExecutor(8) as threads:
        carved = [cidr for cidr in threads.map(one, sizes) if cidr]
    listed = melange.get(path_of(block, "subnets"))["subnets"]
    assert sorted(one["cidr"] for one in listed) == sorted(carved)
    spans = melange.within(lambda unit: [(b.first, b.last) for b in blocks.children(unit, block)])
    assert all(ended < begun for (_, ended), (begun, _) in zip(spans, spans[1:], strict=False))
    require_agreement(melange)


def test_of_a_draw_and_the_first_carve_one_wins(melange_everywhere: Melange) -> None:
    melange = melange_everywhere
    for number in range(6):
        block = melange.new_block(f"10.0.{number}.0/29")
        with ThreadPoolExecutor(2) as threads:
            drawn = threads.submit(melange.call, "POST", path_of(block, "ip_addresses"))
            body = {"subnet": {"prefix": 30}}
            carved = threads.submit(melange.call, "POST", path_of(block, "subnets"), body)
        answers = drawn.result().status_int, carved.result().status_int
        assert answers in ((201, 400), (422, 201))
    require_agreement(melange)


@pytest.mark.parametrize("prefix", [28, 30])
def test_the_next_free_one_costs_the_same_however_many_there_are(
    melange: Melange, prefix: int
) -> None:
    block = melange.new_block("10.0.0.0/16")
    carve_many(melange, block, 4, 30)
    among_few = melange.within(lambda unit: steps(unit, block, prefix))
    carve_many(melange, block, 200, 30)
    among_many = melange.within(lambda unit: steps(unit, block, prefix))
    assert among_many < 1.5 * among_few


def carve_many(melange: Melange, block: Block, count: int, prefix: int) -> None:
    def work(unit: Unit) -> None:
        for _ in range(count):
            subnets.create(unit, blocks.get(unit, block.id, lock=True), {"prefix": prefix})

    melange.within(work)


def steps(unit: Unit, block: Block, prefix: int) -> int:
    """How many instructions SQLite's machine executes, in hundreds, to carve one more."""
    driver: Any = unit.connection.connection.dbapi_connection
    counted = itertools.count()
    driver.set_progress_handler(lambda: next(counted) < 0, 100)
    try:
        subnets.create(unit, blocks.get(unit, block.id, lock=True), {"prefix": prefix})
    finally:
        driver.set_progress_handler(None, 0)
    return next(counted)
