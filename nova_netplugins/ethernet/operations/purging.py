"""Removing for good what was deleted long ago."""

from __future__ import annotations

import datetime

import sqlalchemy as sa

from nova_netplugins.ethernet.operations.base import Operations
from nova_netplugins.ethernet.rows import utcnow

BATCH = 1000
"""Rows removed by one transaction: others wait no longer than that."""


class PurgeOperations(Operations):
    def purge_deleted(self, days: int, batch: int = BATCH) -> tuple[int, int]:
        """How many NICs and networks were removed, of those deleted at least ``days`` ago.

        A network stays as long as a NIC that was on it. May be repeated, and interrupted.
        """
        before = utcnow() - datetime.timedelta(days=days)
        cards, networks = self.tables.ethernet_cards, self.tables.networks
        empty = ~sa.exists().where(cards.c.network_id == networks.c.id)
        return (
            self._purge(cards, cards.c.deleted_at <= before, batch),
            self._purge(networks, sa.and_(networks.c.deleted_at <= before, empty), batch),
        )

    def _purge(self, table: sa.Table, old: sa.ColumnElement[bool], batch: int) -> int:
        query = sa.select(table.c.id).where(table.c.deleted != "", old).limit(batch)

        def purge(conn: sa.Connection) -> int:
            ids = list(conn.scalars(query))
            conn.execute(table.delete().where(table.c.id.in_(ids)))
            return len(ids)

        purged = 0
        while (count := self._run(purge)) > 0:
            purged += count
        return purged
