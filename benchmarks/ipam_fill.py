"""Blocks that are nearly full, made off the clock by statements of the database's own."""

from __future__ import annotations

import datetime

import sqlalchemy as sa

from melange.db.tables import POOLS, interfaces, ip_addresses, ip_block_usage, ip_blocks
from netkit.db import Database

_NUMBERS = {
    "postgresql": "SELECT n FROM generate_series(0, {last}) AS n",
    "mysql": "SELECT seq AS n FROM seq_0_to_{last}",
    "sqlite": "WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < {last}) "
    "SELECT n FROM c",
}
_IDS = {
    "postgresql": "gen_random_uuid()::text",
    "mysql": "uuid()",
    "sqlite": "lower(hex(randomblob(16)))",
}
# As netkit.pool.WideInteger keeps integers.
_VALUES = {
    "postgresql": "{first} + n",
    "mysql": "{first} + n",
    "sqlite": "printf('%039d', {first} + n)",
}


def fill(database_url: str, block_id: str, *, leave_each: int) -> int:
    """Gives away all addresses of the block but every ``leave_each``-th; returns how many."""
    database = Database.from_url(database_url)
    count = database.run(_fill, block_id, leave_each, database.dialect)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if database.dialect == "postgresql":
            connection.exec_driver_sql("VACUUM ANALYZE")
            connection.exec_driver_sql("CHECKPOINT")
    database.close()
    return count


def _fill(connection: sa.Connection, block_id: str, leave_each: int, dialect: str) -> int:
    b, i, r = ip_blocks.c, interfaces.c, POOLS.ranges
    block = connection.execute(sa.select(ip_blocks).where(b.id == block_id)).one()
    anonymous = sa.select(i.id).where(i.anonymous_tenant == block.tenant_id)
    nic = connection.scalar(anonymous)
    connection.execute(ip_addresses.delete().where(ip_addresses.c.ip_block_id == block_id))
    connection.execute(r.delete().where(r.c.pool_id == block.pool_id))
    size = block.last - block.first
    numbers = _NUMBERS[dialect].format(last=size - 1)
    value = _VALUES[dialect].format(first=block.first)
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    known = {"block": block_id, "nic": nic, "tenant": block.tenant_id, "now": now}
    given = connection.execute(
        sa.text(
            "INSERT INTO ip_addresses (id, ip_block_id, value, version, interface_id,"
            " used_by_tenant_id, floating, created_at, updated_at)"
            f" SELECT {_IDS[dialect]}, :block, {value}, 4, :nic, :tenant, FALSE, :now, :now"
            f" FROM ({numbers}) AS numbers WHERE n % {leave_each} > 0"
        ),
        known,
    ).rowcount
    connection.execute(
        sa.text(
            f"INSERT INTO {r.name} (pool_id, first, last) SELECT :pool, {value}, {value}"
            f" FROM ({numbers}) AS numbers WHERE n % {leave_each} = 0"
        ),
        {"pool": block.pool_id},
    )
    usage = {"ip_block_id": block_id, "tenant_id": block.tenant_id, "quarantined": 0}
    connection.execute(ip_block_usage.delete().where(ip_block_usage.c.ip_block_id == block_id))
    connection.execute(ip_block_usage.insert().values(**usage, slot=0, allocated=given))
    return int(given)
