"""Drawing from pools, giving back to them, making and dropping them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence

import sqlalchemy as sa
from oslo_db import exception

from netkit.db import Retry
from netkit.pool import resting, views
from netkit.pool.errors import (
    OutsidePool,
    PoolDiffers,
    PoolExhausted,
    ValueResting,
    ValueTaken,
)
from netkit.pool.ranges import Ranges, claim_from
from netkit.pool.shape import LARGEST, Permitted, Span, runs, stripe_width, stripes, without
from netkit.pool.tables import PoolTables, WideInteger
from netkit.pool.views import Explanation, State

WAKE_IN_DRAW = 64
"""Resting values that a draw wakes at once when nothing else is free."""


class Pools:
    """The pools of one owner. Stateless: one object serves all threads.

    All times are naive datetimes in UTC; `now` is for callers that have looked at the clock.
    What changes a pool raises NoSuchPool if there is none of that id (any more).
    """

    def __init__(self, tables: PoolTables) -> None:
        self._tables = tables
        self._ranges = Ranges(tables)

    # Making and dropping pools

    def create(
        self,
        connection: sa.Connection,
        first: int,
        last: int,
        *,
        name: str | None = None,
        excluded: Sequence[tuple[int, int]] = (),
    ) -> int:
        """A new pool of the integers from `first` to `last`, but for the excluded (first, last)s.

        Costs the same for any size. Returns the pool's id. Raises ValueError for bounds in the
        wrong order or beyond 128 bits, oslo.db's DBDuplicateEntry when the name is taken.
        """
        if not 0 <= first <= last <= LARGEST:
            raise ValueError(
                f"a pool cannot be {first} to {last}: it starts at 0 or above,"
                " ends at 2**128 - 1 or below, and not before it starts"
            )
        width = stripe_width(first, last)
        row = {"name": name, "first": first, "last": last, "stripe": width, "created_at": _utcnow()}
        pools = self._tables.pools
        made = connection.execute(pools.insert().values(row).returning(pools.c.id))
        pool_id: int = made.scalar_one()
        spans = [
            piece
            for span in without(Span(first, last), excluded)
            for piece in stripes(span, first, width)
        ]
        self._ranges.insert(connection, pool_id, spans)
        return pool_id

    def ensure(
        self,
        connection: sa.Connection,
        name: str,
        first: int,
        last: int,
        *,
        excluded: Sequence[tuple[int, int]] = (),
    ) -> int:
        """The id of the pool of that name; if there is none, a new one is made. Safe when many do.

        Raises PoolDiffers if there is one with other bounds.
        """
        if (pool_id := self.lookup(connection, name)) is None:
            try:
                with connection.begin_nested():
                    return self.create(connection, first, last, name=name, excluded=excluded)
            except exception.DBDuplicateEntry:
                pool_id = self.lookup(connection, name)
        if pool_id is None:
            raise Retry(f"pool {name!r} was there a moment ago, and is dropped now")
        pool = views.pool(self._tables, connection, pool_id)
        if (pool.first, pool.last) != (first, last):
            raise PoolDiffers(name, (pool.first, pool.last), (first, last))
        return pool_id

    def lookup(self, connection: sa.Connection, name: str) -> int | None:
        """The id of the pool of that name."""
        p = self._tables.pools.c
        return connection.scalar(sa.select(p.id).where(p.name == name))

    def drop(self, connection: sa.Connection, pool_id: int) -> None:
        """Removes the pool, whatever is drawn from it."""
        views.pool(self._tables, connection, pool_id, lock=True)
        for table in (self._tables.ranges, self._tables.resting):
            connection.execute(table.delete().where(table.c.pool_id == pool_id))
        pools = self._tables.pools
        connection.execute(pools.delete().where(pools.c.id == pool_id))

    # Drawing

    def draw(
        self,
        connection: sa.Connection,
        pool_id: int,
        count: int = 1,
        permitted: Permitted | None = None,
        *,
        now: datetime.datetime | None = None,
    ) -> list[int]:
        """Any `count` free values: the lowest, unless others are drawing at the same time.

        `permitted` maps a value to the smallest permitted one that is not below it, None if there
        is none: exclusions without a list. What it skips leaves the pool. Resting values that are
        due are used when nothing else is free. Waits for rivals only when they hold all there is.

        Raises PoolExhausted, and the pool is as before.
        """
        if count < 1:
            raise ValueError(f"cannot draw {count} values: the least is 1")
        now = now or _utcnow()
        drawn: list[int] = []
        while len(drawn) < count:
            wanted = count - len(drawn)
            got = self._ranges.claim(connection, pool_id, wanted, permitted, wait=False)
            if got is None:
                free, due = views.outlook(self._tables, connection, pool_id, now)
                if free:
                    got = self._ranges.claim(connection, pool_id, wanted, permitted, wait=True)
                elif due:
                    self._wake(connection, pool_id, now, WAKE_IN_DRAW, wait=True)
                else:
                    pool = views.pool(self._tables, connection, pool_id)
                    self._put(connection, pool, runs(drawn))
                    raise PoolExhausted(pool_id, count)
            drawn += got or []
        return drawn

    def drawing(self, pool_id: sa.ColumnElement[int]) -> sa.Subquery:
        """PostgreSQL: a draw of one value as a part of the caller's own statement.

        To be selected from; the value is its column ``first``. No row: nothing was drawn, for a
        reason that `draw` finds out.
        """
        return claim_from(self._tables.ranges, pool_id, sa.literal(1, WideInteger), wait=False)

    def take(
        self,
        connection: sa.Connection,
        pool_id: int,
        value: int,
        *,
        now: datetime.datetime | None = None,
    ) -> None:
        """This very value. Waits for a rival that has it and has not committed yet.

        Raises OutsidePool, ValueTaken (drawn or excluded) or ValueResting; a resting value that
        is due is taken.
        """
        now = now or _utcnow()
        while True:
            state, until = self.explain(connection, pool_id, value)
            if state is State.OUTSIDE:
                pool = views.pool(self._tables, connection, pool_id)
                raise OutsidePool(pool_id, value, pool.first, pool.last)
            if state is State.NOT_FREE:
                raise ValueTaken(pool_id, value)
            if until is not None and until > now:
                raise ValueResting(pool_id, value, until)
            if until is not None:
                if resting.remove_due(self._tables, connection, pool_id, value, now):
                    return
            elif self._ranges.cut(connection, pool_id, Span(value, value)):
                return

    # Giving back

    def release(
        self,
        connection: sa.Connection,
        pool_id: int,
        values: Iterable[int],
        rest_until: datetime.datetime | None = None,
    ) -> None:
        """Gives drawn values back: free at once, or after a rest.

        Raises OutsidePool, and AlreadyFree for a value that is free or resting.
        """
        pool = views.pool(self._tables, connection, pool_id)
        spans = list(runs(values))
        for span in spans:
            pool.require(*span)
        resting.add(self._tables, connection, pool_id, spans, rest_until or _utcnow())
        if rest_until is None:
            self._put(connection, pool, spans)
            resting.remove(self._tables, connection, pool_id, spans)

    def wake(
        self,
        connection: sa.Connection,
        pool_id: int | None = None,
        *,
        now: datetime.datetime | None = None,
        limit: int = 1000,
    ) -> int:
        """Makes resting values free that are due, of one pool or all; at most `limit`.

        Returns how many. Draws do this by themselves when nothing else is free.
        """
        now = now or _utcnow()
        pools = [pool_id] if pool_id is not None else None
        if pools is None:
            pools = resting.pools_with_due(self._tables, connection, now)
        woken = 0
        for one in pools:
            if woken < limit:
                woken += self._wake(connection, one, now, limit - woken, wait=False)
        return woken

    # Exclusions that come and go

    def withdraw(self, connection: sa.Connection, pool_id: int, first: int, last: int) -> int:
        """Excludes `first` to `last` from the pool; returns how many free values that removed.

        Values in use stay in use. Their owner must not release them while they are excluded.
        """
        span = Span(first, last)
        views.pool(self._tables, connection, pool_id, lock=True).require(*span)
        removed = self._ranges.cut(connection, pool_id, span)
        return removed + resting.remove(self._tables, connection, pool_id, [span])

    def restore(
        self,
        connection: sa.Connection,
        pool_id: int,
        first: int,
        last: int,
        in_use: Callable[[sa.Connection], Iterable[int]],
    ) -> None:
        """Undoes `withdraw`: what is not in use from `first` to `last` is free again.

        `in_use` reads the values in use from the owner's table. It is called when no rival can
        draw any of them or has drawn without having committed.
        """
        span = Span(first, last)
        pool = views.pool(self._tables, connection, pool_id, lock=True)
        pool.require(*span)
        self._ranges.cut(connection, pool_id, span)
        occupied = set(resting.within(self._tables, connection, pool_id, span))
        occupied.update(in_use(connection))
        self._put(connection, pool, without(span, runs(occupied)))

    # Looking

    def explain(self, connection: sa.Connection, pool_id: int, value: int) -> Explanation:
        """What the pool knows of a value."""
        return views.explain(self._tables, connection, pool_id, value)

    def free_count(self, connection: sa.Connection, pool_id: int) -> int:
        """How many values are free; those that rest are not counted."""
        return views.free_count(self._tables, connection, pool_id)

    def lowest_free(self, connection: sa.Connection, pool_id: int, start: int = 0) -> int | None:
        """The lowest free value not below `start`. It isn't drawn: a rival may be faster."""
        spans = views.ranges_from(self._tables, connection, pool_id, start, 1)
        return max(start, spans[0].first) if spans else None

    def _put(self, connection: sa.Connection, pool: views.Pool, spans: Iterable[Span]) -> None:
        for span in spans:
            self._ranges.put(connection, pool, span)

    def _wake(
        self,
        connection: sa.Connection,
        pool_id: int,
        now: datetime.datetime,
        limit: int,
        *,
        wait: bool,
    ) -> int:
        values = resting.lock_due(self._tables, connection, pool_id, now, limit, wait=wait)
        if values:
            spans = list(runs(values))
            resting.remove(self._tables, connection, pool_id, spans)
            self._put(connection, views.pool(self._tables, connection, pool_id), spans)
        return len(values)


def _utcnow() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
