"""Changing the free ranges: taking values out of them, and putting values back."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from netkit.pool import views
from netkit.pool.shape import Permitted, Span, pick, stripes
from netkit.pool.tables import PoolTables, WideInteger


class Ranges:
    def __init__(self, tables: PoolTables) -> None:
        self._tables = tables
        self._table = tables.ranges
        # Each statement is made once: making it costs as much as asking.
        self._claims = {wait: _claim_statement(tables.ranges, wait) for wait in (False, True)}
        r = self._table.c
        ending = sa.select(r.first, r.last).where(
            r.pool_id == _POOL, r.last.in_(sa.bindparam("ends", expanding=True))
        )
        self._ending = {
            wait: ending.with_for_update(skip_locked=not wait) for wait in (False, True)
        }
        held = (r.pool_id == _POOL, r.last == sa.bindparam("end", type_=WideInteger))
        self._change = self._table.update().where(*held)
        self._delete = self._table.delete().where(*held)

    def claim(
        self,
        connection: sa.Connection,
        pool_id: int,
        count: int,
        permitted: Permitted | None,
        *,
        wait: bool,
    ) -> list[int] | None:
        """Takes at most `count` permitted values from the lowest range that nobody has locked.

        With `wait`, from the lowest range, even if one must wait for it. Values that are not
        permitted are dropped on the way, so the list may be empty. None means that no range was
        got: all are locked, or the one waited for is gone, or there is none.
        """
        if connection.dialect.name == "postgresql" and permitted is None:
            parameters = {"pool": pool_id, "count": count}
            row = connection.execute(self._claims[wait], parameters).one_or_none()
            return None if row is None else pick(Span(*row), count, None)[0]
        r = self._table.c
        query = sa.select(r.first, r.last).where(r.pool_id == pool_id).order_by(r.last).limit(1)
        row = connection.execute(query.with_for_update(skip_locked=not wait)).one_or_none()
        if row is None:
            return None
        span = Span(*row)
        values, rest = pick(span, count, permitted)
        self._replace(connection, pool_id, span, Span(rest, span.last))
        return values

    def cut(self, connection: sa.Connection, pool_id: int, out: Span) -> int:
        """Takes all that is free from `out.first` to `out.last`; waits for whoever holds any of it.

        Returns how many values that were. Looks afresh after each range: whoever waits for a
        range may find it split when it comes, and the other half is news to him.
        """
        taken = 0
        while True:
            lowest = views.ranges_from(self._tables, connection, pool_id, out.first, 1)
            if not lowest or lowest[0].first > out.last:
                return taken
            held = self._hold(connection, pool_id, [lowest[0].last], wait=True)
            if held and held[0].first <= out.last:
                taken += self._cut_held(connection, pool_id, held[0], out)

    def put(self, connection: sa.Connection, pool: views.Pool, span: Span) -> None:
        """Makes a span free that isn't; merges it with neighbours that nobody has locked."""
        for piece in stripes(span, pool.first, pool.stripe):
            low = piece.first - (piece.first - pool.first) % pool.stripe
            self._put_piece(connection, pool.id, piece, Span(low, low + pool.stripe - 1))

    def insert(self, connection: sa.Connection, pool_id: int, spans: list[Span]) -> None:
        rows = [{"pool_id": pool_id, "first": span.first, "last": span.last} for span in spans]
        if rows:
            connection.execute(self._table.insert(), rows)

    def _put_piece(
        self, connection: sa.Connection, pool_id: int, piece: Span, stripe: Span
    ) -> None:
        from_left = max(piece.first - 1, 0)
        near = views.ranges_from(self._tables, connection, pool_id, from_left, 2)
        ends = [
            other.last
            for other in near
            if stripe.first <= other.first
            and other.last <= stripe.last
            and (other.last == piece.first - 1 or other.first == piece.last + 1)
        ]
        left = right = None
        for other in self._hold(connection, pool_id, ends, wait=False):
            if other.last == piece.first - 1:
                left = other
            elif other.first == piece.last + 1:
                right = other
        if left and right:
            self._replace(connection, pool_id, left, None)
        whole = Span(left.first if left else piece.first, right.last if right else piece.last)
        if neighbour := right or left:
            self._replace(connection, pool_id, neighbour, whole)
        else:
            self.insert(connection, pool_id, [whole])

    def _hold(
        self, connection: sa.Connection, pool_id: int, ends: list[int], *, wait: bool
    ) -> list[Span]:
        """Locks the ranges with these ends; without `wait`, those that nobody else has locked."""
        if not ends:
            return []
        found = connection.execute(self._ending[wait], {"pool": pool_id, "ends": ends})
        return [Span(*row) for row in found]

    def _cut_held(self, connection: sa.Connection, pool_id: int, held: Span, out: Span) -> int:
        gone = Span(max(held.first, out.first), min(held.last, out.last))
        below, above = Span(held.first, gone.first - 1), Span(gone.last + 1, held.last)
        if above.first > above.last:
            self._replace(connection, pool_id, held, below)
        else:
            self._replace(connection, pool_id, held, above)
            if below.first <= below.last:
                self.insert(connection, pool_id, [below])
        return gone.last - gone.first + 1

    def _replace(
        self, connection: sa.Connection, pool_id: int, held: Span, by: Span | None
    ) -> None:
        """Changes a range that this transaction has locked; deletes it if nothing is left."""
        here = {"pool": pool_id, "end": held.last}
        if by is None or by.first > by.last:
            connection.execute(self._delete, here)
            return
        values = (
            {"first": by.first} if by.last == held.last else {"first": by.first, "last": by.last}
        )
        connection.execute(self._change, {**here, **values})


_POOL = sa.bindparam("pool", type_=sa.BigInteger)


def claim_from(
    table: sa.Table, pool: sa.ColumnElement[int], count: sa.ColumnElement[int], *, wait: bool
) -> sa.Subquery:
    """PostgreSQL: lock the lowest range of a pool, shorten or delete it, and tell what it was as
    (first, last); all in one, for a statement of the caller's to select from.

    A range whose end somebody has moved since the statement began is locked, but neither
    shortened nor deleted, because the statement cannot see it under its new key. Then there is no
    row, and the next look finds it.
    """
    r = table.c
    # 1, and no parameter: that would be planned for a tenth of all rows, and, as that is dear, anew
    # for each call.
    held = (
        sa.select(r.first, r.last)
        .where(r.pool_id == pool)
        .order_by(r.last)
        .limit(sa.literal_column("1"))
        .with_for_update(skip_locked=not wait)
        .cte("held")
    )
    here = (r.pool_id == pool, r.last == held.c.last)
    rest = held.c.first + count
    shortened = (
        table.update()
        .where(*here, rest <= held.c.last)
        .values(first=rest)
        .returning(r.last)
        .cte("shortened")
    )
    deleted = table.delete().where(*here, rest > held.c.last).returning(r.last).cte("deleted")
    done = sa.union_all(sa.select(shortened.c.last), sa.select(deleted.c.last)).subquery("done")
    claimed = sa.select(held.c.first, held.c.last).join(done, done.c.last == held.c.last)
    return claimed.subquery("claimed")


def _claim_statement(table: sa.Table, wait: bool) -> sa.Select[Any]:
    count = sa.bindparam("count", type_=WideInteger)
    return sa.select(claim_from(table, _POOL, count, wait=wait))
