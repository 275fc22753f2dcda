"""How many addresses a project may have: the quotas of Nova, kept for each network service."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import sqlalchemy as sa

from netkit.upsert import insert_or_get
from nova_netplugins import errors


class Quota:
    """At most ``limit`` rows of ``table`` for each project, of those that ``counted`` tells; a
    negative limit is none, and costs nothing."""

    def __init__(
        self,
        locks: sa.Table,
        table: sa.Table,
        counted: sa.ColumnElement[bool],
        limit: int,
        noun: str,
    ) -> None:
        self._locks = locks
        self._table = table
        self._counted = counted
        self._limit = limit
        self._noun = noun

    @contextlib.contextmanager
    def kept(self, conn: sa.Connection, project_id: str) -> Iterator[None]:
        """Around what gives a project more: one transaction of the project at a time.

        Raises QuotaExceeded at the end; the caller's transaction must not be committed then.
        """
        if self._limit < 0:
            yield
            return
        name = f"{self._table.name}:{project_id}"
        insert_or_get(conn, self._locks, ["name"], {"name": name})
        yield
        query = sa.select(sa.func.count()).select_from(self._table)
        mine = query.where(self._table.c.project_id == project_id, self._counted)
        wanted = int(conn.scalar(mine) or 0)
        if wanted > self._limit:
            raise errors.QuotaExceeded(
                field="project_id",
                value=project_id,
                limit=self._limit,
                noun=self._noun,
                wanted=wanted,
            )
