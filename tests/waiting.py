"""Transactions that wait for each other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from netkit.db import Database

T = TypeVar("T")

PATIENCE = 10.0


def in_background(work: Callable[[], T]) -> Future[T]:
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def wait_until_someone_waits(database: Database) -> None:
    """Until the server says that a transaction waits for a lock of another."""
    query = {
        "postgresql": "SELECT count(*) FROM pg_locks WHERE NOT granted",
        "mysql": "SELECT count(*) FROM information_schema.innodb_lock_waits",
    }[database.dialect]
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with database.engine.connect() as connection:
            if connection.exec_driver_sql(query).scalar():
                return
        # MariaDB shows the same again to whoever asks within 0.1 s.
        time.sleep(0.15)
    raise AssertionError(f"nobody waits for a lock after {PATIENCE} seconds")
