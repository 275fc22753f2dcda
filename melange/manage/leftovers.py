"""MAC pools, and rows that belong to nothing: what no block is at fault for."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from melange.db.tables import (
    POOLS,
    interfaces,
    ip_addresses,
    ip_block_usage,
    ip_blocks,
    mac_address_ranges,
    mac_addresses,
    tags,
)
from melange.ipam import carving, eui, macs
from melange.ipam.macs import MacRange
from melange.ipam.unit import Unit
from melange.manage import consistency, spans
from melange.manage.consistency import Finding
from netkit.pool import Pools, bulk
from netkit.pool.shape import Span, runs

# Without a foreign key, for the sake of the rate of allocations.
_OF_BLOCKS = {"addresses": ip_addresses, "counters": ip_block_usage}
_TAGGED = {"ip_block": ip_blocks, "ip_address": ip_addresses, "interface": interfaces}


def of_range(unit: Unit, found: MacRange) -> list[Finding]:
    """What is wrong with a MAC range: each of its addresses has a row or is free."""
    return list(
        consistency.of_pool(
            unit,
            found.pool_id,
            (found.first, found.last),
            _used(unit, found),
            [],
            spans.width,
            eui.mac_text,
        )
    )


def repair_range(unit: Unit, range_id: str) -> list[Finding]:
    """Raises MacAddressRangeNotFound."""
    found = macs.get_range(unit, range_id)
    wrong = of_range(unit, found)
    if wrong:
        bulk.rebuild(POOLS, unit.connection, found.pool_id, lambda: _used(unit, found))
        told = {"repaired": [finding.text for finding in wrong]}
        unit.record("repair", "mac_address_range", found.id, None, after=told)
    return wrong


def orphans(unit: Unit) -> list[Finding]:
    """Rows whose owner is gone, where the database itself does not look after that."""
    found = []
    if pools := len(_pools_without_owner(unit)):
        found.append(Finding("pools", f"{pools} pools belong to nothing"))
    for what, table in _OF_BLOCKS.items():
        query = sa.select(sa.func.count()).select_from(table).where(_without_block(table))
        if count := unit.connection.scalar(query):
            found.append(Finding(what, f"{count} {what} are of no block that exists"))
    for resource, condition in _tags_without_object():
        query = sa.select(sa.func.count()).select_from(tags).where(*condition)
        if count := unit.connection.scalar(query):
            found.append(Finding("tags", f"{count} tags are of no {resource} that exists"))
    return found


def repair_orphans(unit: Unit) -> list[Finding]:
    found = orphans(unit)
    pools = Pools(POOLS)
    for pool_id in _pools_without_owner(unit):
        pools.drop(unit.connection, pool_id)
    for table in _OF_BLOCKS.values():
        unit.connection.execute(table.delete().where(_without_block(table)))
    # Last: some may have been of those addresses.
    for _, condition in _tags_without_object():
        unit.connection.execute(tags.delete().where(*condition))
    return found


def _used(unit: Unit, found: MacRange) -> list[Span]:
    c = mac_addresses.c
    query = sa.select(c.address).where(c.address.between(found.first, found.last))
    return list(runs(unit.connection.scalars(query)))


def _pools_without_owner(unit: Unit) -> list[int]:
    p = POOLS.pools.c
    owned = [
        sa.exists().where(table.c.pool_id == p.id) for table in (ip_blocks, mac_address_ranges)
    ]
    b = ip_blocks.c
    name = sa.literal(carving.POOL_NAME.format("")) + b.id
    owned.append(sa.exists().where(b.subnetted, name == p.name))
    return list(unit.connection.scalars(sa.select(p.id).where(~sa.or_(*owned))))


def _without_block(table: sa.Table) -> sa.ColumnElement[bool]:
    return ~sa.exists().where(ip_blocks.c.id == table.c.ip_block_id)


def _tags_without_object() -> Iterator[tuple[str, tuple[sa.ColumnElement[bool], ...]]]:
    c = tags.c
    for resource, table in _TAGGED.items():
        there = sa.exists().where(table.c.id == c.resource_id)
        yield resource, (c.resource == resource, ~there)
