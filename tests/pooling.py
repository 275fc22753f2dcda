"""What the tests of the pools share: an owner of addresses, and how its pool looks inside."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import sqlalchemy as sa

from netkit.db import Database
from netkit.pool import Pools, pool_tables

metadata = sa.MetaData()
tables = pool_tables(metadata, "test")
addresses = sa.Table(
    "test_addresses",
    metadata,
    sa.Column("pool_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("address", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("owner", sa.String(20), nullable=False),
)
pools = Pools(tables)


@contextlib.contextmanager
def opened(url: str) -> Iterator[Database]:
    """With the tables of pools and their owner."""
    with contextlib.closing(Database.from_url(url)) as database:
        metadata.create_all(database.engine)
        yield database


def free_ranges(database: Database, pool_id: int) -> list[tuple[int, int]]:
    r = tables.ranges.c
    query = sa.select(r.first, r.last).where(r.pool_id == pool_id).order_by(r.last)
    with database.reading() as connection:
        return [(first, last) for first, last in connection.execute(query)]


def free_values(database: Database, pool_id: int) -> list[int]:
    return [
        value for first, last in free_ranges(database, pool_id) for value in range(first, last + 1)
    ]
