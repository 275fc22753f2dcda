"""Released addresses: they rest with their row, may be restored, and are purged when due.

Purging gives an address back to its block's pool. An address that is explicitly allowed on some
interface is not given back: it is allocated again, to nobody.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from melange.db.tables import allowed_ips, ip_addresses, ip_blocks
from melange.ipam import addresses, block_pools, blocks, rules, shapes, tags, usage
from melange.ipam.addresses import Address
from melange.ipam.blocks import Block
from melange.ipam.unit import Unit, utcnow

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
    after = addresses.change(
        unit,
        address,
        interface_id=None,
        holder_id=None,
        deallocated_at=unit.now,
        quarantined_until=unit.now + datetime.timedelta(days=days),
    )
    _count(unit, address, allocated=-1, quarantined=1)
    _tell(unit, "release", address, replace(after, vif_id=None, device_id=None))


def restore(unit: Unit, address: Address) -> None:
    """Undoes a release, but for the interface: the address is allocated, to nobody.

    The caller has locked the address's row.
    """
    if address.allocated:
        return
    after = addresses.change(unit, address, deallocated_at=None, quarantined_until=None)
    _count(unit, address, allocated=1, quarantined=-1)
    _tell(unit, "restore", address, after)


def reclaim(unit: Unit, block: Block, *, value: int | None = None) -> int:
    """Purges what is due of a block, the longest due first, or one address if it is due.

    Returns how many that were, at most BATCH.
    """
    a = ip_addresses.c
    here = [a.ip_block_id == block.id]
    if value is not None:
        here.append(a.value == value)
    if unit.connection.scalar(sa.select(a.id).where(*here, _due(unit)).limit(1)) is None:
        return 0
    # Purges of one block go one after the other: they count what is reserved of it.
    block = blocks.get(unit, block.id, lock=True)
    query = addresses.select().where(*here, _due(unit)).order_by(a.quarantined_until, a.id)
    found = addresses.fetch(unit, query.limit(BATCH).with_for_update(of=ip_addresses))
    _purge(unit, block, found)
    return len(found)


def blocks_with_due(unit: Unit) -> list[Block]:
    """The blocks that have addresses to purge."""
    a, b = ip_addresses.c, ip_blocks.c
    due = sa.select(a.ip_block_id).where(a.quarantined_until <= unit.now).distinct()
    query = sa.select(ip_blocks).where(b.id.in_(due)).order_by(b.id)
    return [blocks.of_row(row) for row in unit.connection.execute(query)]


def _due(unit: Unit) -> sa.ColumnElement[bool]:
    """By the clock, for the transaction may have waited; or by its own time, if that is later."""
    return ip_addresses.c.quarantined_until <= max(unit.now, utcnow())


def _purge(unit: Unit, block: Block, found: Sequence[Address]) -> None:
    c = allowed_ips.c
    ids = [address.id for address in found]
    kept = set(unit.connection.scalars(sa.select(c.ip_address_id).where(c.ip_address_id.in_(ids))))
    gone = []
    for address in found:
        if address.id in kept:
            restore(unit, address)
        else:
            gone.append(address)
    if gone:
        _forget(unit, gone)
        if not block.subnetted:
            _give_back(unit, block, [address.value for address in gone])


def _forget(unit: Unit, gone: Sequence[Address]) -> None:
    ids = [address.id for address in gone]
    tags.drop(unit, tags.ADDRESS, ids)
    unit.connection.execute(ip_addresses.delete().where(ip_addresses.c.id.in_(ids)))
    of_tenants = Counter((address.ip_block_id, address.used_by_tenant_id) for address in gone)
    for (block_id, tenant_id), count in sorted(of_tenants.items(), key=str):
        usage.add(unit.connection, block_id, tenant_id or "", quarantined=-count)
    for address in gone:
        before = shapes.ip_address(address)
        unit.record("delete", "ip_address", address.id, address.used_by_tenant_id, before)


def _give_back(unit: Unit, block: Block, values: Sequence[int]) -> None:
    excluded = blocks.exclusions_of(unit, block)
    free = [value for value in values if excluded.why(value) is None]
    block_pools.pools.release(unit.connection, block.pool_id, sorted(free))
    if len(free) < len(values):
        _keep(unit, block, len(values) - len(free))


def _keep(unit: Unit, block: Block, count: int) -> None:
    """So many more addresses of the block are excluded without being in use. Its row is locked."""
    b = ip_blocks.c
    more = {"reserved": block.reserved + count}
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


def _tell(unit: Unit, action: str, address: Address, after: Address) -> None:
    unit.record(
        action,
        "ip_address",
        address.id,
        address.used_by_tenant_id,
        shapes.ip_address(address),
        shapes.ip_address(after),
    )
