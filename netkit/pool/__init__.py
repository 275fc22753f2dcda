"""Pools: sets of integers that any number of threads, processes and hosts draw from at once.

IPv4 and IPv6 addresses, MAC addresses, VLAN ids: a pool knows them as integers of up to 128 bits
and never gives one out twice. A pool is kept as the *ranges* that are free, so that what a draw
costs depends neither on the size of the pool nor on how full it is.

    tables = pool_tables(metadata, "vlan")
    pools = Pools(tables)
    pool_id = database.run(pools.create, 10, 250)
    value = database.run(pools.draw, pool_id)[0]

Every method takes the connection of a transaction (`netkit.db.Database.run`) and is a part of it:
what was drawn comes back if it is rolled back. The isolation level must be READ COMMITTED, or
SQLite's BEGIN IMMEDIATE. Give the table of the drawn values a unique key; it has the last word.

How draws keep out of each other's way: a new pool is cut into *stripes*, and a draw takes from the
lowest range that nobody else has locked (SKIP LOCKED). Ranges never grow across a stripe's bounds.
"""

from netkit.pool.engine import Pools
from netkit.pool.errors import (
    AlreadyFree,
    NoSuchPool,
    OutsidePool,
    PoolDiffers,
    PoolError,
    PoolExhausted,
    ValueResting,
    ValueTaken,
)
from netkit.pool.shape import LARGEST
from netkit.pool.tables import PoolTables, Timestamp, WideInteger, pool_tables
from netkit.pool.views import Explanation, State

__all__ = [
    "LARGEST",
    "AlreadyFree",
    "Explanation",
    "NoSuchPool",
    "OutsidePool",
    "PoolDiffers",
    "PoolError",
    "PoolExhausted",
    "PoolTables",
    "Pools",
    "State",
    "Timestamp",
    "ValueResting",
    "ValueTaken",
    "WideInteger",
    "pool_tables",
]
