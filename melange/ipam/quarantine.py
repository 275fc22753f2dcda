"""Released addresses: they rest with their row, may be restored, and are purged when due.

Purging gives an address back to its block's pool. An address that is explicitly allowed on some
interface is not given back: it is allocated again, to nobody.
"""

from __future__ import annotations

import datetime

import sqlalchemy as sa

from melange.db.tables import allowed_ips, ip_addresses, ip_blocks
from melange.ipam import addresses, blocks, rules, shapes, tags, usage
from melange.ipam.addresses import Address
from melange.ipam.blocks import Block
from melange.ipam.unit import Unit

BATCH = 256
"""Addresses that one call purges at most."""


def release(unit: Unit, block: Block, address: Address) -> None:
    """Takes an address from its interface; nobody gets it before its rest is over. Repeatable.

    The caller has locked the address's row.
    """
    if not address.allocated:
        return
    found = rules.of_policy(unit, block.policy_id)
    days = found.keep_deallocated_ips_for_days if found else None
    if days is None:
        days = unit.settings.keep_deallocated_ips_for_days
    addresses.change(
        unit,
        address.id,
        interface_id=None,
        holder_id=None,
        deallocated_at=unit.now,
        quarantined_until=unit.now + datetime.timedelta(days=days),
    )
    _count(unit, address, allocated=-1, quarantined=1)
    _tell(unit, "release", address)


def restore(unit: Unit, address: Address) -> None:
    """Undoes a release, but for the interface: the address is allocated, to nobody.

    The caller has locked the address's row.
    """
    if address.allocated:
        return
    addresses.change(unit, address.id, deallocated_at=None, quarantined_until=None)
    _count(unit, address, allocated=1, quarantined=-1)
    _tell(unit, "restore", address)


def reclaim(unit: Unit, block: Block, *, value: int | None = None) -> int:
    """Purges what is due of a block, the longest due first, or one address if it is due.

    Returns how many that were, at most BATCH.
    """
    a = ip_addresses.c
    due = sa.select(a.id).where(a.ip_block_id == block.id, a.quarantined_until <= unit.now)
    if value is not None:
        due = due.where(a.value == value)
    if unit.connection.scalar(due.limit(1)) is None:
        return 0
    # Purges of one block go one after the other: they count what is reserved of it.
    block = blocks.get(unit, block.id, lock=True)
    ids = list(unit.connection.scalars(due.order_by(a.quarantined_until, a.id).limit(BATCH)))
    query = addresses.select().where(a.id.in_(ids), a.quarantined_until <= unit.now)
    for address in addresses.fetch(unit, query.with_for_update(of=ip_addresses)):
        _purge(unit, block, address)
    return len(ids)


def blocks_with_due(unit: Unit) -> list[Block]:
    """The blocks that have addresses to purge."""
    a, b = ip_addresses.c, ip_blocks.c
    due = sa.select(a.ip_block_id).where(a.quarantined_until <= unit.now).distinct()
    query = sa.select(ip_blocks).where(b.id.in_(due)).order_by(b.id)
    return [blocks.of_row(row) for row in unit.connection.execute(query)]


def _purge(unit: Unit, block: Block, address: Address) -> None:
    allowed = sa.select(allowed_ips.c.id).where(allowed_ips.c.ip_address_id == address.id)
    if unit.connection.scalar(allowed.limit(1)) is not None:
        restore(unit, address)
        return
    tags.drop(unit, tags.ADDRESS, [address.id])
    unit.connection.execute(ip_addresses.delete().where(ip_addresses.c.id == address.id))
    _count(unit, address, quarantined=-1)
    if not block.subnetted:
        if blocks.exclusions_of(unit, block).why(address.value) is None:
            blocks.pools.release(unit.connection, block.pool_id, [address.value])
        else:
            _keep(unit, block)
    before = shapes.ip_address(address)
    unit.record("delete", "ip_address", address.id, address.used_by_tenant_id, before)


def _keep(unit: Unit, block: Block) -> None:
    """One more address of the block is excluded without being in use."""
    b = ip_blocks.c
    more = {"reserved": b.reserved + 1}
    if unit.connection.dialect.name == "sqlite":  # keeps it as text; see WideInteger
        more = {"reserved": blocks.get(unit, block.id).reserved + 1}  # type: ignore[dict-item]
    unit.connection.execute(ip_blocks.update().where(b.id == block.id).values(more))


def _count(unit: Unit, address: Address, *, allocated: int = 0, quarantined: int = 0) -> None:
    tenant_id = address.used_by_tenant_id
    usage.add(
        unit.connection,
        address.ip_block_id,
        tenant_id or "",
        allocated=allocated,
        quarantined=quarantined,
    )


def _tell(unit: Unit, action: str, address: Address) -> None:
    after = addresses.get_by_id(unit, address.id)
    unit.record(
        action,
        "ip_address",
        address.id,
        address.used_by_tenant_id,
        shapes.ip_address(address),
        shapes.ip_address(after),
    )
