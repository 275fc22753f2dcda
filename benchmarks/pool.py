"""How many values a second pools give, on each database.

    python -m benchmarks.pool [--draws 200] [--runs 5] [--no-fsync]
        [--backends sqlite,postgresql,mariadb]

A figure is the median of the runs, with the lowest and the highest. Each draw is a transaction of
its own, with one insert under a unique key; the threads are of one process. "99 % full" leaves
one value in a hundred free, each in a range of its own, and of a large pool only some hundreds.
A pool that is used up is followed by the next of its kind; they are made off the clock.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from netkit.db import Database
from netkit.pool import Pools, pool_tables
from tests import servers
from tests.conftest import new_database

SIZES = {"/24": 2**8, "/8": 2**24, "/64": 2**64}
THREADS = (1, 16)
SCATTERED = 500

metadata = sa.MetaData()
tables = pool_tables(metadata, "bench")
drawn = sa.Table(
    "bench_drawn",
    metadata,
    sa.Column("pool_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("value", tables.ranges.c.last.type, primary_key=True),
)
pools = Pools(tables)


@contextlib.contextmanager
def fresh(backend: str, durable: bool) -> Iterator[Database]:
    with contextlib.ExitStack() as stack:
        if backend == "sqlite":
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            url = f"sqlite:///{folder}/bench.sqlite"
        else:
            server = stack.enter_context(getattr(servers, backend)(durable=durable))
            url = stack.enter_context(new_database(server))
        database = Database.from_url(url, max_pool_size=max(THREADS), sqlite_synchronous=durable)
        metadata.create_all(database.engine)
        yield database
        database.close()


def make_pool(connection: sa.Connection, size: int, full: bool) -> int:
    if not full:
        return pools.create(connection, 0, size - 1)
    end = min(size, SCATTERED * 100)
    taken = [(start, start + 98) for start in range(0, end - 99, 100)]
    return pools.create(connection, 0, size - 1, excluded=[*taken, (end // 100 * 100, size - 1)])


def make_pools(connection: sa.Connection, size: int, full: bool, draws: int) -> list[int]:
    """The pool of each draw to come."""
    turns: list[int] = []
    while len(turns) < draws:
        pool = make_pool(connection, size, full)
        turns += [pool] * min(pools.free_count(connection, pool), draws)
    return turns[:draws]


def draw_one(connection: sa.Connection, pool: int) -> None:
    [value] = pools.draw(connection, pool)
    connection.execute(drawn.insert().values(pool_id=pool, value=value))


def rate(database: Database, turns: list[int], threads: int) -> float:
    """Draws a second."""

    def draw(pool: int) -> None:
        database.run(draw_one, pool)

    with ThreadPoolExecutor(threads) as executor:
        # The threads and their connections are there before the clock starts.
        list(executor.map(lambda _: database.run(warm_up), range(threads)))
        start = time.perf_counter()
        list(executor.map(draw, turns))
        return len(turns) / (time.perf_counter() - start)


def warm_up(connection: sa.Connection) -> None:
    connection.execute(sa.select(sa.literal(1)))


def measure(backend: str, durable: bool, draws: int, runs: int) -> None:
    with fresh(backend, durable) as database:
        for (name, size), full, threads in itertools.product(SIZES.items(), (False, True), THREADS):
            rates = [
                rate(database, database.run(make_pools, size, full, draws), threads)
                for _ in range(runs)
            ]
            filling = "99 % full" if full else "empty"
            print(
                f"{backend:<11} {name:<4} {filling:<10} {threads:>3} threads"
                f" {statistics.median(rates):>7.0f} draws/s"
                f"  ({min(rates):.0f} to {max(rates):.0f})",
                flush=True,
            )
        print(f"{backend:<11} transactions started again: {database.retries}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--draws", type=int, default=200, help="of each run (default: 200)")
    parser.add_argument("--runs", type=int, default=5, help="of each figure (default: 5)")
    parser.add_argument("--no-fsync", action="store_true", help="the databases skip fsync")
    parser.add_argument("--backends", default="sqlite,postgresql,mariadb", help="separated by ,")
    options = parser.parse_args()
    for backend in options.backends.split(","):
        measure(backend, not options.no_fsync, options.draws, options.runs)


if __name__ == "__main__":
    main()
