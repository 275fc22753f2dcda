"""Much of a pool at once: for imports, for checks and for repairs.

All of these lock more than a draw does. Rivals wait until the transaction ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import sqlalchemy as sa

from netkit.pool import views
from netkit.pool.shape import Span, runs, stripes, without
from netkit.pool.tables import PoolTables, WideInteger

_BATCH = 1000


def ranges(tables: PoolTables, connection: sa.Connection, pool_id: int) -> Iterator[Span]:
    """What is free, lowest first, as it is kept: read as it comes, without locks."""
    r = tables.ranges.c
    query = sa.select(r.first, r.last).where(r.pool_id == pool_id).order_by(r.last)
    for row in connection.execute(query.execution_options(yield_per=_BATCH)):
        yield Span(*row)


def resting_count(tables: PoolTables, connection: sa.Connection, pool_id: int) -> int:
    q = tables.resting.c
    query = sa.select(sa.func.count()).where(q.pool_id == pool_id)
    return connection.scalar(query) or 0


def take_many(
    tables: PoolTables, connection: sa.Connection, pool_id: int, values: Sequence[int]
) -> list[Span]:
    """Takes those of the values that are free; returns which these were.

    A few statements, however many values they are; their number goes by the ranges that lie
    between the lowest and the highest value.
    """
    if not values:
        return []
    wanted = list(runs(values))
    held = _hold(tables, connection, pool_id, wanted[0].first, wanted[-1].last)
    gone, kept, taken = _cut(held, wanted)
    r = tables.ranges.c
    for start in range(0, len(gone), _BATCH):
        ends = [span.last for span in gone[start : start + _BATCH]]
        # Constants, as a plan for parameters may be one for a pool with few ranges.
        listed = sa.bindparam("ends", ends, type_=WideInteger, expanding=True, literal_execute=True)
        here = (r.pool_id == pool_id, r.last.in_(listed))
        connection.execute(tables.ranges.delete().where(*here))
    _insert(tables, connection, pool_id, kept)
    return taken


def rebuild(
    tables: PoolTables,
    connection: sa.Connection,
    pool_id: int,
    in_use: Callable[[], Iterable[tuple[int, int]]],
) -> None:
    """Makes all of the pool free, but for the spans that ``in_use`` tells.

    It is called when nobody can draw or release a value, or has without having committed.
    """
    pool = views.pool(tables, connection, pool_id, lock=True)
    for table in (tables.resting, tables.ranges):
        # Again, as a range that a rival has just moved is missed at first.
        while connection.execute(table.delete().where(table.c.pool_id == pool_id)).rowcount:
            pass
    free = without(Span(pool.first, pool.last), in_use())
    pieces = [piece for span in free for piece in stripes(span, pool.first, pool.stripe)]
    _insert(tables, connection, pool_id, pieces)


def _hold(
    tables: PoolTables, connection: sa.Connection, pool_id: int, first: int, last: int
) -> list[Span]:
    """Locks the ranges that have any of these values."""
    r = tables.ranges.c
    query = sa.select(r.first, r.last).where(r.pool_id == pool_id, r.last >= first, r.first <= last)
    query = query.order_by(r.last).with_for_update()
    held: list[Span] = []
    while True:
        # A range that was waited for may have been split meanwhile: the other half is news.
        found = [Span(*row) for row in connection.execute(query)]
        if found == held:
            return held
        held = found


def _cut(held: Iterable[Span], wanted: Sequence[Span]) -> tuple[list[Span], list[Span], list[Span]]:
    """Ranges that are no more, what is left of them, what was taken; both lists are in order."""
    gone: list[Span] = []
    kept: list[Span] = []
    taken: list[Span] = []
    position = 0
    for span in held:
        while position < len(wanted) and wanted[position].last < span.first:
            position += 1
        out = []
        following = position
        while following < len(wanted) and wanted[following].first <= span.last:
            one = wanted[following]
            out.append(Span(max(one.first, span.first), min(one.last, span.last)))
            following += 1
        if out:
            gone.append(span)
            taken += out
            kept += without(span, out)
    return gone, kept, taken


def _insert(
    tables: PoolTables, connection: sa.Connection, pool_id: int, spans: Sequence[Span]
) -> None:
    for start in range(0, len(spans), _BATCH):
        rows = [
            {"pool_id": pool_id, "first": span.first, "last": span.last}
            for span in spans[start : start + _BATCH]
        ]
        connection.execute(tables.ranges.insert(), rows)
