"""What tables have in common, for models and migrations to share."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

# Left alone, MariaDB and MySQL compare text without regard to case and trailing spaces: two ids
# that PostgreSQL and SQLite tell apart would be one.
TABLE_OPTIONS: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in {
        "engine": "InnoDB",
        "charset": "utf8mb4",
        "collate": "utf8mb4_nopad_bin",
    }.items()
}


def row_id() -> sa.Column[int]:
    """A generated 64-bit primary key ``id``. SQLite generates only what it calls INTEGER."""
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, primary_key=True, autoincrement=True)


def soft_delete_columns() -> list[sa.Column[Any]]:
    """The columns of a table whose rows are kept when deleted, as oslo.db's models have them.

    Times are UTC. ``deleted`` is 0 in a live row and the row's own id in a deleted one, so that a
    unique key that ends with it holds among the live rows, and any number of deleted ones.
    """
    return [
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime()),
        sa.Column("deleted_at", sa.DateTime()),
        sa.Column("deleted", sa.BigInteger(), nullable=False, server_default="0"),
    ]
