"""Values that rest: released, and not free before their time has come."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from oslo_db import exception

from netkit.pool import views
from netkit.pool.errors import AlreadyFree
from netkit.pool.shape import Span
from netkit.pool.tables import PoolTables


def add(
    tables: PoolTables,
    connection: sa.Connection,
    pool_id: int,
    spans: Sequence[Span],
    until: datetime.datetime,
) -> None:
    """Makes values resting that are drawn. Raises AlreadyFree.

    The key of the resting values decides between two that release the same value at once: whoever
    comes second waits here for the first, and then sees what has become of it.
    """
    values = [value for span in spans for value in range(span.first, span.last + 1)]
    if not values:
        return
    rows = [{"pool_id": pool_id, "value": value, "until": until} for value in values]
    try:
        connection.execute(tables.resting.insert(), rows)
    except exception.DBDuplicateEntry as twice:
        raise AlreadyFree(pool_id, values) from twice
    for span in spans:
        free = views.ranges_from(tables, connection, pool_id, span.first, 1)
        if free and free[0].first <= span.last:
            raise AlreadyFree(pool_id, [max(span.first, free[0].first)])


def remove(
    tables: PoolTables, connection: sa.Connection, pool_id: int, spans: Iterable[Span]
) -> int:
    """Ends the rest of values, due or not, without making them free. Returns how many rested."""
    statement = _remove(tables)
    about = ({"pool": pool_id, "low": span.first, "high": span.last} for span in spans)
    return sum(connection.execute(statement, one).rowcount for one in about)


@functools.cache
def _remove(tables: PoolTables) -> sa.Delete:
    """Made once: making a statement costs as much as asking."""
    q, kind = tables.resting.c, tables.resting.c.value.type
    between = q.value.between(sa.bindparam("low", type_=kind), sa.bindparam("high", type_=kind))
    return tables.resting.delete().where(q.pool_id == sa.bindparam("pool"), between)


def remove_due(
    tables: PoolTables,
    connection: sa.Connection,
    pool_id: int,
    value: int,
    now: datetime.datetime,
) -> bool:
    """Ends the rest of a value if it is due and still resting."""
    table = tables.resting
    here = (table.c.pool_id == pool_id, table.c.value == value, table.c.until <= now)
    return connection.execute(table.delete().where(*here)).rowcount == 1


def lock_due(
    tables: PoolTables,
    connection: sa.Connection,
    pool_id: int,
    now: datetime.datetime,
    limit: int,
    *,
    wait: bool,
) -> list[int]:
    """Values whose rest is over, the longest over first; without `wait`, not the locked ones."""
    q = tables.resting.c
    query = (
        sa.select(q.value)
        .where(q.pool_id == pool_id, q.until <= now)
        .order_by(q.until)
        .limit(limit)
        # By the primary key MariaDB would wait for the locks of values that are not due.
        .with_hint(tables.resting, f"FORCE INDEX ({tables.due_index})", "mysql")
        .with_for_update(skip_locked=not wait)
    )
    return list(connection.scalars(query))


def pools_with_due(
    tables: PoolTables, connection: sa.Connection, now: datetime.datetime
) -> list[int]:
    q = tables.resting.c
    return list(connection.scalars(sa.select(q.pool_id).where(q.until <= now).distinct()))


def within(tables: PoolTables, connection: sa.Connection, pool_id: int, span: Span) -> list[int]:
    q = tables.resting.c
    query = sa.select(q.value).where(q.pool_id == pool_id, q.value.between(*span))
    return list(connection.scalars(query))
