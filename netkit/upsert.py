"""One statement that inserts a row or returns the one that was there first."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite


def insert_or_get(
    connection: sa.Connection,
    table: sa.Table,
    key: Sequence[str],
    values: Mapping[str, Any],
    columns: Sequence[str] = (),
) -> sa.Row[Any]:
    """Insert ``values``, or find that a row with the same ``key`` exists; return the row there is.

    ``key`` names the columns of a unique key; in the row returned, the other columns tell who was
    first: all of them, or those that are named by ``columns``. The row is locked until the
    transaction ends. A rival who has inserted but not committed is waited for. Nothing fails, so
    that a transaction of PostgreSQL remains usable. Needs MariaDB 10.5 or SQLite 3.35, for
    RETURNING.
    """
    statement = _statement(connection.dialect.name, table, tuple(key), tuple(columns))
    row: sa.Row[Any] = connection.execute(statement, dict(values)).one()
    return row


@functools.cache
def _statement(
    dialect: str, table: sa.Table, key: tuple[str, ...], columns: tuple[str, ...]
) -> Any:
    shown = [table.c[name] for name in columns or table.c.keys()]
    # An update that changes nothing: PostgreSQL and SQLite return no row when told to do nothing.
    unchanged = {key[0]: table.c[key[0]]}
    if dialect in ("mysql", "mariadb"):
        return mysql.insert(table).on_duplicate_key_update(unchanged).returning(*shown)
    insert: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
    found = insert(table).on_conflict_do_update(index_elements=list(key), set_=unchanged)
    return found.returning(*shown)
