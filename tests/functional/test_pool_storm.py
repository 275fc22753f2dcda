"""netkit.pool under a storm: 4 processes of 16 threads, on every database."""

from __future__ import annotations

import collections
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import pytest
import sqlalchemy as sa

from netkit.db import Database
from netkit.pool import PoolExhausted
from tests.pooling import addresses, free_ranges, opened, pools

PROCESSES = 4
THREADS = 16
PATIENCE = 120.0
NETWORK = 10 << 24
BROADCAST = NETWORK + 511
GATEWAY, DHCP_SERVER = NETWORK + 1, NETWORK + 2
USABLE = 510 - 2
HELD = 5

# Not forked: a test session has threads and open connections.
processes = multiprocessing.get_context("spawn")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as database:
        yield database


def draw_one(connection: sa.Connection, pool: int, owner: str) -> int:
    [address] = pools.draw(connection, pool)
    row = {"pool_id": pool, "address": address, "owner": owner}
    connection.execute(addresses.insert().values(row))
    return address


def return_one(connection: sa.Connection, pool: int, address: int) -> None:
    here = (addresses.c.pool_id == pool, addresses.c.address == address)
    assert connection.execute(addresses.delete().where(*here)).rowcount == 1
    pools.release(connection, pool, [address])


def draw_until_empty(database: Database, pool: int, owner: str) -> list[int]:
    drawn = []
    while True:
        try:
            drawn.append(database.run(draw_one, pool, owner))
        except PoolExhausted:
            return drawn


def return_all(database: Database, pool: int, drawn: list[int]) -> None:
    for address in drawn:
        database.run(return_one, pool, address)


def storm(url: str, pool: int, rounds: int, channel: Connection) -> None:
    """One process: in each round, on a word, draw until it is empty, and then return all."""
    database = Database.from_url(url, max_pool_size=THREADS)
    name = multiprocessing.current_process().name
    with ThreadPoolExecutor(THREADS) as threads:
        for _ in range(rounds):
            channel.recv()
            owners = [f"{name[-8:]} {number}" for number in range(THREADS)]
            drawn = list(threads.map(lambda owner: draw_until_empty(database, pool, owner), owners))
            channel.send([address for mine in drawn for address in mine])
            channel.recv()
            list(threads.map(lambda mine: return_all(database, pool, mine), drawn))
            channel.send("all returned")
    database.close()


def answers(channels: list[Connection]) -> list[Any]:
    received = []
    for channel in channels:
        assert channel.poll(PATIENCE), f"no answer within {PATIENCE} seconds"
        received.append(channel.recv())
    return received


def owners(database: Database) -> dict[int, str]:
    with database.reading() as connection:
        rows = connection.execute(sa.select(addresses.c.address, addresses.c.owner))
        return {address: owner for address, owner in rows}


def start(target: Callable[..., None], *arguments: object) -> tuple[Connection, BaseProcess]:
    ours, theirs = processes.Pipe()
    process = processes.Process(target=target, args=(*arguments, theirs), daemon=True)
    process.start()
    theirs.close()
    return ours, process


def test_64_threads_empty_a_pool_without_duplicates_return_all_and_empty_it_again(
    database_url: str, database: Database
) -> None:
    reserved = [(NETWORK, DHCP_SERVER), (BROADCAST, BROADCAST)]
    pool = database.run(pools.create, NETWORK, BROADCAST, excluded=reserved)
    fresh = free_ranges(database, pool)
    started = [start(storm, database_url, pool, 2) for _ in range(PROCESSES)]
    channels = [channel for channel, _ in started]
    for _ in range(2):
        for channel in channels:
            channel.send("draw")
        drawn = [address for mine in answers(channels) for address in mine]
        assert len(drawn) == len(set(drawn)) == USABLE
        assert set(drawn) == set(range(DHCP_SERVER + 1, BROADCAST))
        assert set(owners(database)) == set(drawn)
        assert free_ranges(database, pool) == []
        for channel in channels:
            channel.send("return")
        assert answers(channels) == ["all returned"] * PROCESSES
        assert owners(database) == {}
        assert database.run(pools.free_count, pool) == USABLE
        left = free_ranges(database, pool)
        assert len(left) <= USABLE
        assert {stripe_of(first) for first, _ in left} == {stripe_of(first) for first, _ in fresh}
    for _, process in started:
        process.join(PATIENCE)
        assert process.exitcode == 0


def stripe_of(address: int) -> int:
    return (address - NETWORK) // 16


def draw_and_hang(url: str, pool: int, channel: Connection) -> None:
    database = Database.from_url(url)

    def hang(connection: sa.Connection) -> None:
        channel.send(pools.draw(connection, pool, 3))
        threading.Event().wait(PATIENCE)

    database.run(hang)


def test_the_draw_of_a_process_that_is_killed_comes_back(
    database_url: str, database: Database
) -> None:
    pool = database.run(pools.create, 1, 3)
    channel, process = start(draw_and_hang, database_url, pool)
    [held] = answers([channel])
    assert held == [1, 2, 3]
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(PATIENCE)
    # This draw waits until the database has noticed.
    assert database.run(pools.draw, pool, 3) == [1, 2, 3]


def churn(url: str, pool: int, _channel: Connection) -> None:
    """One process of threads that draw and return, HELD each, until it is killed."""
    database = Database.from_url(url, max_pool_size=THREADS)

    def work(number: int) -> None:
        mine: collections.deque[int] = collections.deque()
        while True:
            mine.append(database.run(draw_one, pool, str(number)))
            if len(mine) > HELD:
                database.run(return_one, pool, mine.popleft())

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(work, range(THREADS)))


def test_processes_killed_at_any_moment_leave_no_value_lost_or_doubled(
    database_url: str, database: Database
) -> None:
    size = 4096
    pool = database.run(pools.create, NETWORK, NETWORK + size - 1)
    for _ in range(2):
        before = len(owners(database))
        started = [start(churn, database_url, pool) for _ in range(2)]
        deadline = time.monotonic() + PATIENCE
        # Most threads have returned some by now.
        while len(owners(database)) < before + 2 * THREADS * HELD - THREADS:
            assert time.monotonic() < deadline
            assert all(process.is_alive() for _, process in started)
            time.sleep(0.05)
        for _, process in started:
            process.kill()
            process.join(PATIENCE)
    in_use = set(owners(database))
    free = database.run(pools.free_count, pool)
    assert len(in_use) + free == size
    rest = database.run(pools.draw, pool, free)
    assert in_use.isdisjoint(rest)
    assert in_use.union(rest) == set(range(NETWORK, NETWORK + size))
