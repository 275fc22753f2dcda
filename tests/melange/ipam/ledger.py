"""Whether a block's rows, its pool and its numbers agree, address by address."""

from __future__ import annotations

import sqlalchemy as sa

from melange.db.tables import ip_addresses, ip_blocks
from melange.ipam import block_pools, blocks
from melange.ipam.blocks import Block
from melange.ipam.unit import Unit
from netkit.pool import State
from tests.melange.everywhere import Melange


def require_agreement(melange: Melange) -> None:
    """Of every small block: each address has a row, or is free, or is excluded; one of these."""

    def look(unit: Unit) -> None:
        for row in unit.connection.execute(sa.select(ip_blocks)):
            _require(unit, blocks.of_row(row))

    melange.within(look)


def _require(unit: Unit, block: Block) -> None:
    query = sa.select(ip_addresses.c.value).where(ip_addresses.c.ip_block_id == block.id)
    used = list(unit.connection.scalars(query))
    assert len(used) == len(set(used))
    excluded = blocks.exclusions_of(unit, block)
    kept = 0
    for value in range(block.first, block.last + 1):
        free = block_pools.pools.explain(unit.connection, block.pool_id, value).state is State.FREE
        why = excluded.why(value)
        kept += why is not None and value not in used
        if block.subnetted:
            assert not free and not used
        elif why is None:
            assert free != (value in used), f"{block.cidr}: {value - block.first}"
        else:
            # Draws drop what an octet excludes as they meet it.
            assert not free or (value not in used and value % excluded.modulus in excluded.octets)
    assert block.reserved == (0 if block.subnetted else kept), block.cidr
