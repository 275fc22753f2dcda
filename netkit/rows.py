"""Inserting many rows in one statement."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from netkit import jsonwriting

_encode = jsonwriting.encoder(str)

_Statement = tuple[sa.Executable, Callable[[bytes], str]]
"""What inserts, and how it wants the JSON."""


def insert_all(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Inserts the rows, which all have the same columns: numbers, text, booleans and datetimes.

    On PostgreSQL psycopg makes as many statements as there are rows, on MariaDB PyMySQL writes each
    value out; there they go as one JSON text instead, which costs a fraction. SQLite has nothing to
    send.
    """
    if not rows:
        return
    make = _FROM_JSON.get(connection.dialect.name)
    if make is None or len(rows) == 1:
        connection.execute(table.insert(), [dict(row) for row in rows])
    else:
        statement, write = make(table, tuple(rows[0]))
        connection.execute(statement, {"rows": write(_encode(rows))})


@functools.lru_cache
def _postgresql(table: sa.Table, columns: tuple[str, ...]) -> _Statement:
    typed = [sa.column(name, table.c[name].type) for name in columns]
    text = sa.cast(sa.bindparam("rows", type_=sa.Text), sa.JSON)
    given = sa.func.json_to_recordset(text).table_valued(*typed, name="given")
    rows = given.render_derived(with_types=True)
    source = sa.select(*(rows.c[name] for name in columns))
    return table.insert().from_select(list(columns), source, include_defaults=False), bytes.decode


@functools.lru_cache
def _mariadb(table: sa.Table, columns: tuple[str, ...]) -> _Statement:
    # All as text, for JSON_TABLE cuts off in silence what has no room; the insert minds.
    typed = ", ".join(
        f"`{name}` {_MARIADB_BOOLEAN if _is_boolean(table.c[name]) else _MARIADB_TEXT}"
        f" PATH '$.{name}'"
        for name in columns
    )
    names = ", ".join(f"`{name}`" for name in columns)
    # In hexadecimal, because PyMySQL takes longer to look for quotes than to send twice as much.
    text = "CONVERT(UNHEX(:rows) USING utf8mb4)"
    statement = sa.text(
        f"INSERT INTO `{table.name}` ({names}) SELECT {names}"
        f" FROM JSON_TABLE({text}, '$[*]' COLUMNS ({typed})) AS given"
    )
    return statement, bytes.hex


def _is_boolean(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.Boolean)


_MARIADB_BOOLEAN, _MARIADB_TEXT = "TINYINT", "LONGTEXT CHARACTER SET utf8mb4"
_FROM_JSON = {"postgresql": _postgresql, "mysql": _mariadb}
