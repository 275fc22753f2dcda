"""Whether what is kept of a block agrees: its pool, its rows, its counters.

Each address of a block has a row, or is free in the block's pool, or is excluded; an excluded one
may have a row (it was adopted, or was in use when it was excluded), and is never free, unless by an
octet of its policy: those leave the pool when a draw meets them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from melange.db.tables import POOLS, ip_addresses, ip_block_usage, ip_blocks
from melange.ipam import addressing, block_pools, blocks, carving, exclusions
from melange.ipam.blocks import Block
from melange.ipam.unit import Unit
from melange.manage import spans
from melange.manage.spans import Bounds
from netkit.pool import bulk
from netkit.pool.shape import Span, runs, without

_ROWS = 10_000
_EXAMPLES = 3


class Finding(NamedTuple):
    """``kind``: pool, reserved, usage, rows or subnets: what to repair."""

    kind: str
    text: str


class Difference(NamedTuple):
    """What has to be added to a tenant's counters."""

    tenant_id: str
    allocated: int
    quarantined: int


def findings(unit: Unit, block: Block) -> list[Finding]:
    """What is wrong with the block. The transaction must see one moment, or lock the block."""
    has_subnets = _has_subnets(unit, block)
    used = used_spans(unit, block)
    if has_subnets:
        found = list(_of_subnetted(unit, block, used))
    else:
        found = list(_of_pool(unit, block, used))
        reserved = true_reserved(unit, block, used)
        if block.reserved != reserved:
            text = f"{block.reserved} addresses are said to be reserved; there are {reserved}"
            found.append(Finding("reserved", text))
    if block.subnetted != has_subnets:
        flag = "is" if block.subnetted else "is not"
        has = "has" if has_subnets else "has no"
        found.append(Finding("subnets", f"it {flag} marked as subnetted and {has} subnets"))
    return [*found, *_of_rows(unit, block, used), *_of_usage(unit, block)]


def used_spans(unit: Unit, block: Block) -> list[Span]:
    """The addresses that have a row, allocated or in quarantine."""
    c = ip_addresses.c
    query = sa.select(c.value).where(c.ip_block_id == block.id).order_by(c.value)
    return list(runs(unit.connection.scalars(query.execution_options(yield_per=_ROWS))))


def true_reserved(unit: Unit, block: Block, used: Sequence[Span]) -> int:
    """How many addresses are excluded and have no row."""
    excluded = blocks.exclusions_of(unit, block)
    inside = spans.common(used, [(block.first, block.last)])
    return excluded.count() - sum(excluded.count_within(*span) for span in inside)


def usage_differences(unit: Unit, block: Block) -> list[Difference]:
    """How the counters differ from the rows. One statement: it sees one moment, and each change is
    of both, so that it is right whatever goes on beside it.
    """
    a, u = ip_addresses.c, ip_block_usage.c
    resting = sa.case((a.deallocated_at.is_(None), 0), else_=1)
    tenant = sa.func.coalesce(a.used_by_tenant_id, "")
    rows = (
        sa.select(
            tenant.label("tenant_id"),
            sa.func.sum(1 - resting).label("allocated"),
            sa.func.sum(resting).label("quarantined"),
        )
        .where(a.ip_block_id == block.id)
        .group_by(tenant)
    )
    counted = (
        sa.select(u.tenant_id, -sa.func.sum(u.allocated), -sa.func.sum(u.quarantined))
        .where(u.ip_block_id == block.id)
        .group_by(u.tenant_id)
    )
    both = rows.union_all(counted).subquery()
    allocated, quarantined = sa.func.sum(both.c.allocated), sa.func.sum(both.c.quarantined)
    query = (
        sa.select(both.c.tenant_id, allocated, quarantined)
        .group_by(both.c.tenant_id)
        .having(sa.or_(allocated != 0, quarantined != 0))
        .order_by(both.c.tenant_id)
    )
    return [Difference(row[0], int(row[1]), int(row[2])) for row in unit.connection.execute(query)]


def _has_subnets(unit: Unit, block: Block) -> bool:
    query = sa.select(ip_blocks.c.id).where(ip_blocks.c.parent_id == block.id)
    return unit.connection.scalar(query.limit(1)) is not None


def _of_subnetted(unit: Unit, block: Block, used: Sequence[Span]) -> Iterator[Finding]:
    free = list(bulk.ranges(POOLS, unit.connection, block.pool_id))
    if free:
        text = f"{spans.size(free)} addresses are free, though they belong to its subnets"
        yield Finding("pool", text)
    if used:
        text = f"{spans.size(used)} addresses are in use, though they belong to its subnets"
        yield Finding("rows", text)
    if block.reserved:
        yield Finding("reserved", f"{block.reserved} addresses are said to be reserved")
    carved = block_pools.pools.lookup(unit.connection, carving.POOL_NAME.format(block.id))
    if carved is None:
        yield Finding("carving", "what is left for further subnets is not known")
        return
    for finding in of_pool(
        unit,
        carved,
        (block.first, block.last),
        [(child.first, child.last) for child in blocks.children(unit, block)],
        [],
        spans.width,
        lambda value: addressing.address_text(block.version, value),
    ):
        yield Finding("carving", f"for further subnets: {finding.text}")


def _of_pool(unit: Unit, block: Block, used: Sequence[Span]) -> Iterator[Finding]:
    excluded = blocks.exclusions_of(unit, block)
    yield from of_pool(
        unit,
        block.pool_id,
        (block.first, block.last),
        used,
        excluded.spans(),
        lambda gap: gap[1] - gap[0] + 1 - excluded.count_within(*gap),
        lambda value: addressing.address_text(block.version, value),
    )


def of_pool(
    unit: Unit,
    pool_id: int,
    whole: Bounds,
    used: Sequence[Bounds],
    excluded: Sequence[Bounds],
    missing_of: Callable[[Bounds], int],
    text_of: Callable[[int], str],
) -> Iterator[Finding]:
    """What is wrong with a pool. ``missing_of``: how many of a gap should not be missing."""
    free = list(bulk.ranges(POOLS, unit.connection, pool_id))

    def told(some: Sequence[Bounds], what: str) -> Finding:
        examples = ", ".join(text_of(first) for first, _ in some[:_EXAMPLES])
        return Finding("pool", f"{spans.size(some)} {what} ({examples})")

    if twice := spans.overlapping(free):
        yield told(twice, "addresses are free twice")
    if outside := [span for span in free if span[0] < whole[0] or span[1] > whole[1]]:
        yield told(outside, "addresses are free outside of its bounds")
    free = [Span(*span) for span in exclusions.merged(free)]
    if both := list(spans.common(free, used)):
        yield told(both, "addresses are in use and free")
    if wrong := list(spans.common(free, excluded)):
        yield told(wrong, "addresses are excluded and free")
    known = exclusions.merged([*free, *used, *excluded])
    gaps = [gap for gap in without(Span(*whole), known) if missing_of(gap)]
    if gaps:
        count = sum(missing_of(gap) for gap in gaps)
        example = text_of(gaps[0].first)
        yield Finding(
            "pool", f"{count} addresses are lost: neither free nor in use (from {example})"
        )
    if resting := bulk.resting_count(POOLS, unit.connection, pool_id):
        yield Finding("pool", f"{resting} values rest in the pool, which has none that rest")


def _of_rows(unit: Unit, block: Block, used: Sequence[Span]) -> Iterator[Finding]:
    if outside := spans.size(used) - spans.size(spans.common(used, [(block.first, block.last)])):
        yield Finding("foreign rows", f"{outside} addresses lie outside of it")
    c = ip_addresses.c
    half = c.deallocated_at.is_(None) != c.quarantined_until.is_(None)
    query = sa.select(sa.func.count()).where(c.ip_block_id == block.id, half)
    if count := unit.connection.scalar(query):
        yield Finding("halves", f"{count} addresses are half released")


def _of_usage(unit: Unit, block: Block) -> Iterator[Finding]:
    for tenant_id, allocated, quarantined in usage_differences(unit, block):
        whose = f"tenant {tenant_id}" if tenant_id else "nobody"
        lacking = {"allocated": allocated, "in quarantine": quarantined}
        wrong = [
            f"{abs(count)} {what} too {'few' if count > 0 else 'many'}"
            for what, count in lacking.items()
            if count
        ]
        yield Finding("usage", f"the counters of {whose} have {', '.join(wrong)}")
