"""What of a block is left for subnets: a second pool, of the addresses that no subnet has.

It is there from a block's first subnet to its last, and serves nobody else: who changes it has
locked the block's row.
"""

from __future__ import annotations

from collections.abc import Iterator

from melange.db.tables import POOLS
from melange.ipam import addressing, block_pools
from melange.ipam.addressing import Span
from melange.ipam.blocks import Block
from melange.ipam.unit import Unit
from netkit.pool import views

POOL_NAME = "subnets of {}"
"""The name of the pool of a block, by the block's id."""

_READ_AT_ONCE = 128


def begin(unit: Unit, block: Block) -> None:
    """The block is about to have subnets."""
    name = POOL_NAME.format(block.id)
    block_pools.pools.create(unit.connection, block.first, block.last, name=name)


def end(unit: Unit, block: Block) -> None:
    """The block has no subnets any more."""
    block_pools.pools.drop(unit.connection, _pool(unit, block))


def take(unit: Unit, block: Block, span: Span) -> None:
    block_pools.pools.withdraw(unit.connection, _pool(unit, block), span.first, span.last)


def give_back(unit: Unit, block: Block, span: Span) -> None:
    pool_id = _pool(unit, block)
    block_pools.pools.restore(unit.connection, pool_id, span.first, span.last, lambda _: [])


def lowest(unit: Unit, block: Block, prefix: int) -> Span | None:
    """The lowest network of that prefix length that is free; None if there is none.

    Costs what the gaps between the subnets cost that are too small for it, however many subnets
    there are.
    """
    size = 2 ** (addressing.width(block.version) - prefix)
    for first, last in _gaps(unit, _pool(unit, block), block.first):
        start = -(-first // size) * size
        if start + size - 1 <= last:
            return addressing.cidr_of(block.version, start, prefix)
    return None


def _gaps(unit: Unit, pool_id: int, start: int) -> Iterator[tuple[int, int]]:
    """From each free range's first value as far as its neighbours reach that have come so far: the
    pool cuts what is free at the bounds of its stripes.
    """
    first, last = start, start - 1
    while True:
        ranges = views.ranges_from(POOLS, unit.connection, pool_id, last + 1, _READ_AT_ONCE)
        for found in ranges:
            first = first if found.first == last + 1 else found.first
            last = found.last
            yield first, last
        if len(ranges) < _READ_AT_ONCE:
            return


def _pool(unit: Unit, block: Block) -> int:
    found = block_pools.pools.lookup(unit.connection, POOL_NAME.format(block.id))
    if found is None:
        raise RuntimeError(f"block {block.id} has subnets, but no pool for more of them")
    return found
