"""Reading a pool, without locks: what is where."""

from __future__ import annotations

import datetime
import enum
import functools
from typing import Any, NamedTuple

import sqlalchemy as sa

from netkit.pool.errors import NoSuchPool, OutsidePool
from netkit.pool.shape import LARGEST, Span
from netkit.pool.tables import PoolTables, WideInteger


class State(enum.Enum):
    FREE = "free"
    RESTING = "resting"
    NOT_FREE = "not free"
    """Drawn or excluded: the pool doesn't know which, the owner's table does."""
    OUTSIDE = "outside"


class Explanation(NamedTuple):
    state: State
    until: datetime.datetime | None = None
    """The end of the rest, for RESTING only: naive, UTC. It may have passed."""


class Pool(NamedTuple):
    id: int
    first: int
    last: int
    stripe: int

    def require(self, first: int, last: int) -> None:
        """Raises OutsidePool, with the value at fault."""
        for value in (first, last):
            if not self.first <= value <= self.last:
                raise OutsidePool(self.id, value, self.first, self.last)


def pool(
    tables: PoolTables, connection: sa.Connection, pool_id: int, *, lock: bool = False
) -> Pool:
    """The pool's row; locked, no value of it can be released, by anybody, before the commit.

    Raises NoSuchPool.
    """
    row = connection.execute(_pool(tables, lock), {"pool": pool_id}).one_or_none()
    if row is None:
        raise NoSuchPool(pool_id)
    return Pool(*row)


def ranges_from(
    tables: PoolTables, connection: sa.Connection, pool_id: int, value: int, limit: int
) -> list[Span]:
    """The lowest free ranges that are not all below the value."""
    rows = connection.execute(_ranges_from(tables, limit), {"pool": pool_id, "value": value})
    return [Span(*row) for row in rows]


def explain(tables: PoolTables, connection: sa.Connection, pool_id: int, value: int) -> Explanation:
    """One statement, so that the answer is of one moment even in a READ COMMITTED transaction."""
    if not 0 <= value <= LARGEST:
        return Explanation(State.OUTSIDE)
    row = connection.execute(_explain(tables), {"pool": pool_id, "value": value}).one_or_none()
    if row is None:
        raise NoSuchPool(pool_id)
    if not row.first <= value <= row.last:
        return Explanation(State.OUTSIDE)
    if row.until is not None:
        return Explanation(State.RESTING, row.until)
    if row.holder is not None and row.holder <= value:
        return Explanation(State.FREE)
    return Explanation(State.NOT_FREE)


# Each statement is made once: making it costs as much as asking.

_POOL = sa.bindparam("pool", type_=sa.BigInteger)
_VALUE = sa.bindparam("value", type_=WideInteger)


@functools.cache
def _pool(tables: PoolTables, lock: bool) -> sa.Select[Any]:
    p = tables.pools.c
    query = sa.select(p.id, p.first, p.last, p.stripe).where(p.id == _POOL)
    return query.with_for_update() if lock else query


@functools.cache
def _ranges_from(tables: PoolTables, limit: int) -> sa.Select[Any]:
    r = tables.ranges.c
    query = sa.select(r.first, r.last).where(r.pool_id == _POOL, r.last >= _VALUE)
    # A number, and no parameter: PostgreSQL would plan for a tenth of all rows.
    return query.order_by(r.last).limit(sa.literal_column(str(limit)))


@functools.cache
def _explain(tables: PoolTables) -> sa.Select[Any]:
    p, r, q = tables.pools.c, tables.ranges.c, tables.resting.c
    holder = sa.select(r.first).where(r.pool_id == _POOL, r.last >= _VALUE)
    rest = sa.select(q.until).where(q.pool_id == _POOL, q.value == _VALUE)
    return sa.select(
        p.first,
        p.last,
        holder.order_by(r.last).limit(1).scalar_subquery().label("holder"),
        rest.scalar_subquery().label("until"),
    ).where(p.id == _POOL)


def outlook(
    tables: PoolTables, connection: sa.Connection, pool_id: int, now: datetime.datetime
) -> tuple[bool, bool]:
    """Whether any value is free, whether any that rests is due; both at the same moment."""
    r, q = tables.ranges.c, tables.resting.c
    free = sa.exists().where(r.pool_id == pool_id)
    due = sa.exists().where(q.pool_id == pool_id, q.until <= now)
    row = connection.execute(sa.select(free.label("free"), due.label("due"))).one()
    return bool(row.free), bool(row.due)


def free_count(tables: PoolTables, connection: sa.Connection, pool_id: int) -> int:
    r = tables.ranges.c
    if connection.dialect.name == "sqlite":
        rows = connection.execute(sa.select(r.first, r.last).where(r.pool_id == pool_id))
        return sum(row.last - row.first + 1 for row in rows)
    total = sa.func.sum(r.last - r.first + 1)
    return connection.scalar(sa.select(total).where(r.pool_id == pool_id)) or 0
