"""Deleting blocks, with all that is in them."""

from __future__ import annotations

import sqlalchemy as sa

from melange.db.tables import ip_addresses, ip_block_usage, ip_blocks
from melange.ipam import block_pools, blocks, carving, shapes, tags
from melange.ipam.blocks import Block
from melange.ipam.unit import Unit


def lock(unit: Unit, block_id: str, tenant_id: str) -> Block:
    """The tenant's block, which is to be deleted, and its parent are locked, that one first.

    Raises IpBlockNotFound.
    """
    block = blocks.get(unit, block_id, tenant_id)
    if block.parent_id is not None:
        blocks.get(unit, block.parent_id, lock=True)
    return blocks.get(unit, block_id, tenant_id, lock=True)


def delete(unit: Unit, block: Block) -> None:
    """With its subnets and all addresses of them. The caller has locked it by `lock`."""
    _delete(unit, block)
    if block.parent_id is None:
        return
    parent = blocks.get(unit, block.parent_id)
    siblings = sa.select(ip_blocks.c.id).where(ip_blocks.c.parent_id == parent.id)
    if unit.connection.scalar(siblings.limit(1)) is not None:
        carving.give_back(unit, parent, block.span)
    else:
        carving.end(unit, parent)
        blocks.refill_pool(unit, parent)


def _delete(unit: Unit, block: Block) -> None:
    if block.subnetted:
        for child in blocks.children(unit, block):
            _delete(unit, blocks.get(unit, child.id, lock=True))
        carving.end(unit, block)
    # Waits for whoever has drawn and not committed: then their rows can be seen, and go too.
    block_pools.pools.withdraw(unit.connection, block.pool_id, block.first, block.last)
    here = ip_addresses.c.ip_block_id == block.id
    tags.drop(unit, tags.ADDRESS, sa.select(ip_addresses.c.id).where(here))
    tags.drop(unit, tags.BLOCK, [block.id])
    unit.connection.execute(ip_addresses.delete().where(here))
    usage = ip_block_usage
    unit.connection.execute(usage.delete().where(usage.c.ip_block_id == block.id))
    unit.connection.execute(ip_blocks.delete().where(ip_blocks.c.id == block.id))
    block_pools.pools.drop(unit.connection, block.pool_id)
    unit.record("delete", "ip_block", block.id, block.tenant_id, before=shapes.ip_block(block))
