"""Many rows in one statement."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from oslo_db import exception

from netkit.db import Database
from netkit.pool import Timestamp, WideInteger
from netkit.rows import insert_all
from netkit.schema import TABLE_OPTIONS

things = sa.Table(
    "things",
    sa.MetaData(),
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("wide", WideInteger),
    sa.Column("small", sa.SmallInteger),
    sa.Column("at", Timestamp),
    sa.Column("yes", sa.Boolean),
    sa.Column("text", sa.Text),
    sa.Column("left_out", sa.Text),
    **TABLE_OPTIONS,
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database.from_url(database_url)
    things.create(database.engine)
    yield database
    database.close()


def row(number: int, **values: Any) -> dict[str, Any]:
    blank = dict.fromkeys(("wide", "small", "at", "yes", "text"))
    return {"id": f"{number:04d}", **blank, **values}


def stored(database: Database) -> list[dict[str, Any]]:
    with database.reading() as connection:
        rows = connection.execute(sa.select(things).order_by(things.c.id))
        return [dict(row._mapping) for row in rows]


def test_rows_come_back_as_they_went_in(database: Database) -> None:
    postgresql = database.dialect == "postgresql"  # has no room for NUL
    moment = datetime.datetime(2026, 1, 31, 12, 0, 0, 123456)
    rows = [
        row(1, wide=2**128 - 1, small=-3, at=moment, yes=True, text='"{\\}",\n ü 😀'),
        row(2, wide=0, yes=False, text=""),
        row(3),
        row(4, text="it's 100 %s of %(all)s; \\' -- :x ? \x1a \x00"[: -1 if postgresql else None]),
    ]
    database.run(insert_all, things, rows)
    assert stored(database) == [{**one, "left_out": None} for one in rows]


def test_none_one_and_very_many_rows_are_fine(database: Database) -> None:
    for first, last in ((0, 0), (1, 2), (10, 2010)):
        database.run(insert_all, things, [row(number) for number in range(first, last)])
    assert len(stored(database)) == 2001


def test_a_duplicate_is_told_and_leaves_nothing(database: Database) -> None:
    with pytest.raises(exception.DBDuplicateEntry):
        database.run(insert_all, things, [row(1), row(2), row(1)])
    assert stored(database) == []


def test_what_has_no_room_is_refused_where_the_database_minds(database: Database) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite keeps text of any length")
    with pytest.raises(exception.DBError):
        database.run(insert_all, things, [row(1), {**row(2), "id": "9" * 37}])
    assert stored(database) == []
