"""How many addresses of a block each tenant has: counters, kept with every change."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite

from melange.db.tables import ip_block_usage

SLOTS = 64
"""Rows a counter is spread over: of 16 that count at once, few wait for another."""


class Usage(NamedTuple):
    allocated: int
    quarantined: int


def add(
    connection: sa.Connection,
    block_id: str,
    tenant_id: str,
    *,
    allocated: int = 0,
    quarantined: int = 0,
) -> None:
    """Counts addresses of the block that the tenant got (or, below 0, gave up)."""
    row = {
        "ip_block_id": block_id,
        "tenant_id": tenant_id,
        "slot": random.randrange(SLOTS),
        "allocated": allocated,
        "quarantined": quarantined,
    }
    connection.execute(_statements[connection.dialect.name], row)


def of_tenant(connection: sa.Connection, tenant_id: str) -> Usage:
    """Over all blocks, whoever owns them."""
    c = ip_block_usage.c
    query = sa.select(sa.func.sum(c.allocated), sa.func.sum(c.quarantined))
    allocated, quarantined = connection.execute(query.where(c.tenant_id == tenant_id)).one()
    return Usage(int(allocated or 0), int(quarantined or 0))


def on_conflict_add(insert: Any, taken: Any) -> Any:
    """The insert that adds to a row that is there; PostgreSQL and SQLite."""
    c = ip_block_usage.c
    return insert.on_conflict_do_update(
        index_elements=["ip_block_id", "tenant_id", "slot"],
        set_={
            "allocated": c.allocated + taken.allocated,
            "quarantined": c.quarantined + taken.quarantined,
        },
    )


def _upserts() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, insert in (
        ("postgresql", postgresql.insert(ip_block_usage)),
        ("sqlite", sqlite.insert(ip_block_usage)),
    ):
        found[name] = on_conflict_add(insert, insert.excluded)
    c, own = ip_block_usage.c, mysql.insert(ip_block_usage)
    found["mysql"] = found["mariadb"] = own.on_duplicate_key_update(
        allocated=c.allocated + own.inserted.allocated,
        quarantined=c.quarantined + own.inserted.quarantined,
    )
    return found


_statements = _upserts()
