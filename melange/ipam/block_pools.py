"""What of a block is free: its pool, and what is kept out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from melange.db.tables import POOLS, ip_addresses
from melange.ipam import addressing
from melange.ipam.addressing import Span
from melange.ipam.exclusions import Bounds, Exclusions, left_over
from melange.ipam.rules import Rules
from melange.ipam.unit import Unit
from netkit.pool import Pools, bulk
from netkit.pool.shape import runs

if TYPE_CHECKING:
    from melange.ipam.blocks import Block

pools = Pools(POOLS)


def rows_in(unit: Unit, block: Block, first: int, last: int) -> list[int]:
    """The values from ``first`` to ``last`` that have a row: allocated, or in quarantine."""
    a = ip_addresses.c
    query = sa.select(a.value).where(a.ip_block_id == block.id, a.value.between(first, last))
    return list(unit.connection.scalars(query))


def reshape(unit: Unit, block: Block, before: Exclusions, after: Exclusions) -> None:
    """The pool has free what it should under ``after``. The caller has locked the block's row."""
    if before.octets != after.octets:
        # Draws drop the values of excluded octets from the pool as they meet them: where they did,
        # nobody knows. And who has drawn by the old octets has to be waited for.
        def kept() -> list[Bounds]:
            used = runs(rows_in(unit, block, block.first, block.last))
            return [*used, *after.spans()]

        bulk.rebuild(POOLS, unit.connection, block.pool_id, kept)
        return
    for first, last in left_over(before.spans(), after.spans()):
        pools.restore(
            unit.connection,
            block.pool_id,
            first,
            last,
            lambda _, first=first, last=last: rows_in(unit, block, first, last),  # type: ignore[misc]
        )
    for first, last in left_over(after.spans(), before.spans()):
        pools.withdraw(unit.connection, block.pool_id, first, last)


def excluded_in_use(unit: Unit, block: Block, excluded: Exclusions) -> int:
    """How many of the excluded addresses have a row."""
    if excluded.octets:
        values = rows_in(unit, block, block.first, block.last)
    else:
        values = [v for span in excluded.spans() for v in rows_in(unit, block, *span)]
    return sum(excluded.why(value) is not None for value in values)


def exclusions(span: Span, gateway: str | None, found: Rules | None) -> Exclusions:
    """What nobody gets of a block with that gateway under these rules."""
    inside = None
    if gateway is not None:
        version, value = addressing.parse_address(gateway)
        inside = value if version == span.version else None
    return Exclusions(
        version=span.version,
        first=span.first,
        last=span.last,
        gateway=inside,
        ranges=found.ranges if found else (),
        octets=found.octets if found else frozenset(),
    )
