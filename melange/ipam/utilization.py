"""How much of blocks is used: from counters that every change keeps, never from counting rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from melange.db.tables import ip_block_usage, ip_blocks
from melange.ipam.blocks import Block
from melange.ipam.unit import Unit


@dataclass(frozen=True)
class Utilization:
    """Addresses. Of a subnetted block: ``carved`` is what its subnets cover, and all below but
    ``size`` is the sum of theirs; ``size - carved`` is left to be carved.
    """

    size: int = 0
    carved: int = 0
    allocated: int = 0
    quarantined: int = 0
    reserved: int = 0
    free: int = 0

    def __add__(self, other: Utilization) -> Utilization:
        return Utilization(
            self.size + other.size,
            self.carved + other.carved,
            self.allocated + other.allocated,
            self.quarantined + other.quarantined,
            self.reserved + other.reserved,
            self.free + other.free,
        )


@dataclass(frozen=True)
class OfBlock:
    """A block's name and its utilization."""

    id: str
    tenant_id: str
    parent_id: str | None
    cidr: str
    version: int
    utilization: Utilization


@dataclass(frozen=True)
class _Row:
    id: str
    tenant_id: str
    parent_id: str | None
    cidr: str
    version: int
    first: int
    last: int
    subnetted: bool
    reserved: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1


def of_block(unit: Unit, block: Block) -> Utilization:
    rows = {row.id: row for row in _rows(unit.connection, ip_blocks.c.id == block.id)}
    parents = list(rows) if block.subnetted else []
    while parents:
        below = _rows(unit.connection, ip_blocks.c.parent_id.in_(parents))
        rows |= {row.id: row for row in below}
        parents = [row.id for row in below if row.subnetted]
    used = _used(unit.connection, ip_block_usage.c.ip_block_id.in_(list(rows)))
    return _Tree(rows.values(), used).of(rows[block.id])


def of_tenant(unit: Unit, tenant_id: str) -> dict[int, Utilization]:
    """Of all blocks of the tenant, by IP version. What is carved out of one block to make another
    counts once, for who has it.
    """
    here = ip_blocks.c.tenant_id == tenant_id
    rows = _rows(unit.connection, here)
    ids = sa.select(ip_blocks.c.id).where(here)
    tree = _Tree([], _used(unit.connection, ip_block_usage.c.ip_block_id.in_(ids)))
    parents = sa.select(ip_blocks.c.id).where(here, ip_blocks.c.subnetted)
    carved: dict[str, int] = defaultdict(int)
    for row in _rows(unit.connection, ip_blocks.c.parent_id.in_(parents)):
        carved[row.parent_id or ""] += row.size
    total = {4: Utilization(), 6: Utilization()}
    for row in rows:
        if row.subnetted:
            total[row.version] += Utilization(size=row.size - carved[row.id])
        else:
            total[row.version] += tree.of(row)
    return total


def all_blocks(connection: sa.Connection) -> Iterator[OfBlock]:
    """Of each block there is, in the order of ids."""
    rows = _rows(connection, sa.true())
    tree = _Tree(rows, _used(connection, sa.true()))
    for row in sorted(rows, key=lambda row: row.id):
        yield OfBlock(row.id, row.tenant_id, row.parent_id, row.cidr, row.version, tree.of(row))


class _Tree:
    def __init__(self, rows: Iterable[_Row], used: Mapping[str, tuple[int, int]]) -> None:
        self._used = used
        self._children: dict[str | None, list[_Row]] = defaultdict(list)
        for row in rows:
            self._children[row.parent_id].append(row)

    def of(self, row: _Row) -> Utilization:
        if not row.subnetted:
            allocated, quarantined = self._used.get(row.id, (0, 0))
            free = row.size - allocated - quarantined - row.reserved
            return Utilization(row.size, 0, allocated, quarantined, row.reserved, free)
        children = self._children[row.id]
        below = sum((self.of(child) for child in children), Utilization())
        return Utilization(
            row.size,
            sum(child.size for child in children),
            below.allocated,
            below.quarantined,
            below.reserved,
            below.free,
        )


def _rows(connection: sa.Connection, where: sa.ColumnElement[bool]) -> list[_Row]:
    c = ip_blocks.c
    columns = (c.id, c.tenant_id, c.parent_id, c.cidr, c.version, c.first, c.last)
    query = sa.select(*columns, c.subnetted, c.reserved).where(where)
    return [_Row(**row._mapping) for row in connection.execute(query)]


def _used(connection: sa.Connection, where: sa.ColumnElement[bool]) -> dict[str, tuple[int, int]]:
    """Allocated and quarantined addresses by block."""
    c = ip_block_usage.c
    query = sa.select(c.ip_block_id, sa.func.sum(c.allocated), sa.func.sum(c.quarantined)).where(
        where
    )
    rows = connection.execute(query.group_by(c.ip_block_id))
    return {block_id: (int(one), int(other)) for block_id, one, other in rows}
