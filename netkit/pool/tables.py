"""The tables of the pools of one owner, and the column types they need."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from netkit import schema

DIGITS = 39
"""Of the largest integer of 128 bits."""

Timestamp = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
"""A naive datetime in UTC, with microseconds on every database."""


class WideInteger(sa.types.TypeDecorator[int]):
    """An integer from 0 to 2**128 - 1; Python's int on our side.

    NUMERIC(39, 0) where the database can calculate with it, so that a draw is one UPDATE. SQLite
    has no such type and gets decimal text of fixed width, which sorts as the numbers do.
    """

    impl = sa.Numeric(DIGITS, 0)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.String(DIGITS))
        return dialect.type_descriptor(sa.Numeric(DIGITS, 0))

    def process_bind_param(self, value: int | None, dialect: sa.Dialect) -> int | str | None:
        if value is None:
            return None
        if not 0 <= value < 2**128:
            raise ValueError(f"{value} is not an integer from 0 to 2**128 - 1")
        return f"{value:0{DIGITS}d}" if dialect.name == "sqlite" else value

    def literal_processor(self, dialect: sa.Dialect) -> Callable[[int], str]:
        quote = "'" if dialect.name == "sqlite" else ""
        return lambda value: f"{quote}{self.process_bind_param(value, dialect)}{quote}"

    def process_result_value(
        self, value: decimal.Decimal | str | None, dialect: sa.Dialect
    ) -> int | None:
        return None if value is None else int(value)


@dataclass(frozen=True)
class PoolTables:
    """`pools`: one row a pool. `ranges`: what is free. `resting`: what is released, but rests."""

    pools: sa.Table
    ranges: sa.Table
    resting: sa.Table

    @property
    def due_index(self) -> str:
        """The name of the index that has the resting values in the order of their times."""
        return f"ix_{self.resting.name}_until"


def pool_tables(metadata: sa.MetaData, prefix: str) -> PoolTables:
    """Adds `<prefix>_pools`, `<prefix>_pool_ranges` and `<prefix>_pool_resting` to the metadata."""
    return PoolTables(
        pools=_pools(metadata, prefix),
        ranges=_ranges(metadata, prefix),
        resting=_resting(metadata, prefix),
    )


def _pools(metadata: sa.MetaData, prefix: str) -> sa.Table:
    return sa.Table(
        f"{prefix}_pools",
        metadata,
        schema.row_id(),
        sa.Column("name", sa.String(255)),
        sa.Column("first", WideInteger, nullable=False),
        sa.Column("last", WideInteger, nullable=False),
        sa.Column("stripe", WideInteger, nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.UniqueConstraint("name", name=f"uniq_{prefix}_pools0name"),
        # The id of a dropped pool, which a late release may still hold, is never given again.
        sqlite_autoincrement=True,
        **schema.TABLE_OPTIONS,
    )


def _ranges(metadata: sa.MetaData, prefix: str) -> sa.Table:
    # The key ends with `last`, which a draw leaves as it is: lowest first, it moves `first` only.
    # And the range that holds a value is found by one seek: the lowest `last` that is not below.
    return sa.Table(
        f"{prefix}_pool_ranges",
        metadata,
        _pool_id(prefix),
        sa.Column("first", WideInteger, nullable=False),
        sa.Column("last", WideInteger, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "last"),
        # Room in each page for the new version of a row: then PostgreSQL leaves the index alone.
        postgresql_with={"fillfactor": "50"},
        **schema.TABLE_OPTIONS,
    )


def _resting(metadata: sa.MetaData, prefix: str) -> sa.Table:
    return sa.Table(
        f"{prefix}_pool_resting",
        metadata,
        _pool_id(prefix),
        sa.Column("value", WideInteger, nullable=False),
        sa.Column("until", Timestamp, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "value"),
        # Not (pool_id, until): for want of statistics MariaDB would prefer that to the primary key
        # when a value is deleted, and wait for the locks of all others that rest in the pool.
        sa.Index(f"ix_{prefix}_pool_resting_until", "until", "pool_id"),
        **schema.TABLE_OPTIONS,
    )


def _pool_id(prefix: str) -> sa.Column[int]:
    # A new range or resting value share-locks its pool through this key, until it commits:
    # whoever locks the pool's row keeps releases out.
    pools = sa.ForeignKey(f"{prefix}_pools.id")
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("pool_id", kind, pools, nullable=False, autoincrement=False)
