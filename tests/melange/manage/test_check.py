"""``melange-manage check``: what it finds, and what --repair makes of it."""

from __future__ import annotations

import threading
from typing import Any

import sqlalchemy as sa

from melange.db.tables import (
    POOLS,
    ip_addresses,
    ip_block_usage,
    ip_blocks,
    mac_addresses,
    tags,
)
from melange.ipam import macs, policies, quarantine, subnets, unusable
from melange.ipam.blocks import Block
from melange.ipam.unit import Unit
from tests.melange.everywhere import Melange
from tests.melange.manage.tool import Tool, allocate

CLEAN = "nothing is wrong\n"


def lived_in(melange: Melange) -> Block:
    """A block with a bit of everything, and others beside it."""
    block = melange.new_block("10.0.0.0/24", gateway="10.0.0.1")
    addresses = allocate(melange, block, 20, "vif1")
    melange.within(lambda unit: quarantine.release(unit, block, addresses[3]))
    parent = melange.new_block("10.8.0.0/16")

    def carve(unit: Unit) -> None:
        subnets.create(unit, parent, {"cidr": "10.8.4.0/24"})

    melange.within(carve)
    melange.within(lambda unit: macs.create_range(unit, {"cidr": "02-00-00-00-00-00/40"}))
    allocate(melange, melange.new_block("2001:db8::/64"), 3, "vif2")
    return block


def change(melange: Melange, statement: sa.Executable) -> None:
    melange.database.run(lambda connection: connection.execute(statement))


def damages(block: Block) -> dict[str, sa.Executable]:
    ranges, usage, a = POOLS.ranges, ip_block_usage, ip_addresses.c
    here = ranges.c.pool_id == block.pool_id
    return {
        "lost": ranges.delete().where(here),
        "in use and free": ranges.insert().values(
            pool_id=block.pool_id, first=block.first + 4, last=block.first + 5
        ),
        "excluded and free": ranges.insert().values(
            pool_id=block.pool_id, first=block.first + 1, last=block.first + 1
        ),
        "said to be reserved": ip_blocks.update()
        .where(ip_blocks.c.id == block.id)
        .values(reserved=77),
        "acme have 5 allocated too few, 3 in quarantine too many": usage.insert().values(
            ip_block_id=block.id, tenant_id="acme", slot=99, allocated=-5, quarantined=3
        ),
        "the counters of tenant ghost have 2 allocated too many": usage.insert().values(
            ip_block_id=block.id, tenant_id="ghost", slot=0, allocated=2, quarantined=0
        ),
        "half released": ip_addresses.update()
        .where(a.ip_block_id == block.id, a.value == block.first + 4)
        .values(quarantined_until=None),
        "tags are of no ip_address": tags.insert().values(
            resource="ip_address", resource_id="gone", tag="red"
        ),
        "1 addresses are of no block that exists": ip_addresses.insert().values(
            id="stray",
            ip_block_id="gone",
            value=7,
            version=4,
            floating=False,
            created_at=sa.func.now(),
            updated_at=sa.func.now(),
        ),
        "1 counters are of no block that exists": ip_block_usage.insert().values(
            ip_block_id="gone", tenant_id="acme", slot=0, allocated=1, quarantined=0
        ),
        "pools belong to nothing": POOLS.pools.insert().values(
            first=1, last=9, stripe=8, created_at=sa.func.now()
        ),
    }


def test_what_is_sound_is_found_to_be(tool_everywhere: Tool) -> None:
    lived_in(tool_everywhere.melange)
    ran = tool_everywhere("check")
    assert (ran.code, ran.out) == (0, CLEAN)


def test_each_damage_is_found_told_and_mended(tool_everywhere: Tool) -> None:
    melange = tool_everywhere.melange
    block = lived_in(melange)
    wrong = damages(block)
    for damage in wrong.values():
        change(melange, damage)
    ran = tool_everywhere("check --format json")
    assert ran.code == 1
    for text in wrong:
        (told,) = [row for row in ran.rows if text in row["finding"]]
        assert told["repaired"] is False
        if told["object"] == "ip block":
            assert (told["id"], told["cidr"]) == (block.id, "10.0.0.0/24")
    mended = tool_everywhere("check --repair --format json")
    assert mended.code == 0 and all(row["repaired"] for row in mended.rows)
    assert len(mended.rows) == len(ran.rows)
    # And what is mended works: all that is left can be had, once each.
    values = {one.value for one in allocate(melange, block, 256 - 2 - 20, "vif4")}
    assert len(values) == 234 and block.first + 1 not in values
    assert tool_everywhere("check").out == CLEAN


def test_mac_ranges_and_subnets_are_looked_at_too(tool: Tool) -> None:
    melange = tool.melange
    lived_in(melange)
    change(melange, mac_addresses.delete())
    pools, ranges = POOLS.pools, POOLS.ranges
    carved = sa.select(pools.c.id).where(pools.c.name.like("subnets of %"))
    change(melange, ranges.delete().where(ranges.c.pool_id.in_(carved)))
    rows = tool("check --format json").rows
    assert {row["object"] for row in rows} == {"mac range", "ip block"}
    assert any("lost" in row["finding"] for row in rows if row["object"] == "mac range")
    assert any("for further subnets" in row["finding"] for row in rows)
    assert tool("check --repair").code == 0
    assert tool("check").out == CLEAN


def test_octets_of_a_policy_may_still_be_in_the_pool(tool: Tool) -> None:
    melange = tool.melange

    def with_policy(unit: Unit) -> str:
        policy = policies.create(unit, "acme", {"name": "no sevens"})
        unusable.OCTETS.create(unit, policy, {"octet": 7})
        return str(policy.id)

    policy_id = melange.within(with_policy)
    block = melange.new_block("10.0.0.0/28", policy_id=policy_id)
    assert tool("check").out == CLEAN
    taken = allocate(melange, block, 14, "vif1")
    assert block.first + 7 not in {one.value for one in taken}
    assert tool("check").out == CLEAN


def test_one_block_alone_can_be_checked(tool: Tool) -> None:
    block = lived_in(tool.melange)
    assert tool(f"check --block {block.id}").out == CLEAN
    ran = tool("check --block nonsense")
    assert (ran.code, ran.err) == (2, "error: IpBlock Not Found\n")


def test_a_repair_beside_a_storm_of_allocations_spoils_nothing(
    tool_everywhere: Tool,
) -> None:
    melange = tool_everywhere.melange
    block = melange.new_block("10.0.0.0/20")
    got: list[int] = []
    failed: list[BaseException] = []
    over = threading.Event()

    def draw(name: str) -> None:
        try:
            while not over.is_set():
                (address,) = allocate(melange, block, 1, name)
                got.append(address.value)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=draw, args=(f"vif{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(4):
            change(melange, _lose_some(block))
            assert tool_everywhere("check --repair").code == 0
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not failed
    assert len(got) == len(set(got))
    assert tool_everywhere("check").out == CLEAN


def _lose_some(block: Block) -> Any:
    """The last part of the pool is lost."""
    return (
        POOLS.ranges.delete()
        .where(POOLS.ranges.c.pool_id == block.pool_id)
        .where(POOLS.ranges.c.last > block.last - 500)
    )
