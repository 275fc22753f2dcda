"""Inserting many rows in one statement."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from netkit import jsonwriting

_encode = jsonwriting.encoder(str)


def insert_all(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Inserts the rows, which all have the same columns: numbers, text, booleans and datetimes.

    psycopg makes as many statements as there are rows: on PostgreSQL they go as one JSON text
    instead. MariaDB reads a statement with all values written out faster than JSON, and unlike with
    INSERT ... SELECT others don't wait for the numbers that it gives to rows; but PyMySQL takes
    longer to write it than MariaDB to read it, so we do that. SQLite has nothing to send.
    """
    insert = _QUICKLY.get(connection.dialect.name)
    if insert is not None and len(rows) > 1:
        insert(connection, table, rows)
    elif rows:
        connection.execute(table.insert(), [dict(row) for row in rows])


def _on_postgresql(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    statement = _from_json(table, tuple(rows[0]))
    connection.execute(statement, {"rows": _encode(rows).decode()})


def _on_mariadb(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    names = ", ".join(f"`{name}`" for name in rows[0])
    columns = (_literals([row[name] for row in rows]) for name in rows[0])
    values = "),(".join(map(",".join, zip(*columns, strict=True)))
    statement = f"INSERT INTO `{table.name}` ({names}) VALUES ({values})"
    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def _literals(values: Sequence[Any]) -> Iterator[str]:
    """A column's values in SQL; many of them are equal."""
    literals = {value: _literal(value) for value in set(values)}
    return map(literals.__getitem__, values)


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):  # a boolean too
        return str(int(value))
    text = str(value)
    if _harmless(text):
        return f"'{text}'"
    return f"_utf8mb4 X'{text.encode('utf-8', 'replace').hex()}'"


_harmless = re.compile(r"[\w .:/@+-]*", re.ASCII).fullmatch


@functools.lru_cache
def _from_json(table: sa.Table, columns: tuple[str, ...]) -> sa.Insert:
    typed = [sa.column(name, table.c[name].type) for name in columns]
    text = sa.cast(sa.bindparam("rows", type_=sa.Text), sa.JSON)
    given = sa.func.json_to_recordset(text).table_valued(*typed, name="given")
    rows = given.render_derived(with_types=True)
    source = sa.select(*(rows.c[name] for name in columns))
    return table.insert().from_select(list(columns), source, include_defaults=False)


_QUICKLY = {"postgresql": _on_postgresql, "mysql": _on_mariadb}
