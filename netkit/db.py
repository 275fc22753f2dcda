"""The database as both servers use it: one engine, and one way to run a transaction.

`Database.run` is the only place that retries. It starts the outermost transaction afresh each
time, because a retry within a transaction sees the same stale snapshot again and again.

Built on oslo.db, for its connection options and for its exceptions, which are the same on every
database (`oslo_db.exception`: DBDuplicateEntry, DBReferenceError, DBDeadlock, DBConnectionError).
"""

from __future__ import annotations

import contextlib
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from oslo_db import exception
from oslo_db import options as oslo_options

from netkit import engines, errors

P = ParamSpec("P")
T = TypeVar("T")

RETRY_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 0.01
LONGEST_PAUSE_SECONDS = 1.0

_OPTION_NAMES = frozenset(option.name for option in oslo_options.database_opts)
_RETRIABLE = (
    exception.DBDeadlock,
    exception.DBConsistencyError,
    exception.DBConnectionError,
)


class Retry(Exception):
    """Raised by the function given to `Database.run`: roll back and try again."""


class DatabaseBusy(errors.Unavailable):
    """Every try met a deadlock, a lock or a lost connection. Nothing is changed.

    `__cause__` is the last error met.
    """

    code = "database_busy"
    template = (
        "the database refused the transaction {value} times in {seconds:.0f} s;"
        " try again later: {reason}"
    )


class OutcomeUnknown(errors.Unavailable):
    """The connection broke after COMMIT was sent: the change may or may not have happened."""

    code = "outcome_unknown"
    template = (
        "the connection to the database was lost while committing; look whether the change was made"
    )


class Database:
    """One database, shared by all threads of a process.

    `options` are oslo.db's (an oslo.config group such as `conf.database`, or any mapping with
    some of its names); `connection`, the URL, is required. Beside oslo.db's own meaning,
    `db_max_retries` (default 20; -1: no limit but the time) bounds how often `run` repeats a
    transaction; RETRY_SECONDS bounds it too.

    Write transactions are READ COMMITTED on PostgreSQL and MariaDB. On SQLite they take the one
    writer's lock when they begin, and readers do not wait for them (WAL).

    Raises ValueError for a URL that is missing, malformed, or SQLite's in-memory database.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        given = {name: options[name] for name in _OPTION_NAMES if name in options}
        url = engines.checked_url(given.get("connection"))
        given["connection"] = url.render_as_string(hide_password=False)
        self.dialect: str = url.get_dialect().name
        """sqlite, postgresql or mysql (MariaDB too)."""
        self.retries = 0
        """How often a transaction of this process was started again, since the start."""
        tries = given.get("db_max_retries", 20)
        self._tries: float = float("inf") if tries < 0 else tries + 1
        self.engine: sa.Engine = engines.new_engine(given)
        self._writing: dict[str, Any] = {engines.WRITES: True}
        if self.dialect == "postgresql":
            # A part of BEGIN in psycopg. MariaDB would need a statement: there the session has it.
            self._writing["isolation_level"] = "READ COMMITTED"
        self._lone = engines.lone_engine(self.engine, given)
        self._thread = threading.local()
        self._count_lock = threading.Lock()
        # Threads of one process queue here instead of polling SQLite's file lock against each
        # other.
        self._writer = threading.Lock() if self.dialect == "sqlite" else contextlib.nullcontext()

    @classmethod
    def from_url(cls, url: str, **options: Any) -> Database:
        """A database by its URL; `options` are oslo.db's (`max_pool_size=16`)."""
        return cls({"connection": url, **options})

    def run(
        self, fn: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Calls `fn(connection, ...)` in one write transaction, commits, and returns what it
        returned.

        `fn` is called again, in a new transaction, after a deadlock, a serialization failure, a
        lock timeout, a connection lost before the commit, or `Retry`; so it must change nothing
        but the database. Any other exception rolls back and comes out as it is.

        Raises DatabaseBusy when the tries or the time are used up, OutcomeUnknown, and
        RuntimeError when this thread is within `run` or `reading` already.
        """
        return self._again(lambda: self._once(fn, *args, **kwargs))

    def run_alone(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[sa.Row[Any]]:
        """The rows of one statement that is a transaction by itself: a single round trip to
        PostgreSQL or MariaDB. For the few that are worth it: ``sql`` has the driver's own
        placeholders. Repeated, and raises, as `run` does.
        """

        def alone() -> Sequence[sa.Row[Any]]:
            with self._lone.connect() as connection:
                try:
                    return connection.exec_driver_sql(sql, parameters).all()
                except exception.DBConnectionError as lost:
                    raise OutcomeUnknown from lost

        return self._again(alone)

    def _again(self, once: Callable[[], T]) -> T:
        start = time.monotonic()
        with self._outermost():
            for tried in itertools.count(1):
                try:
                    return once()
                except (Retry, exception.DBError) as error:
                    if not _can_be_repeated(error):
                        raise
                    spent = time.monotonic() - start
                    if tried >= self._tries or spent >= RETRY_SECONDS:
                        raise DatabaseBusy(value=tried, seconds=spent, reason=error) from error
                with self._count_lock:
                    self.retries += 1
                time.sleep(_pause(tried))
        raise AssertionError("unreachable: the loop above has no end")

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection for reads, which all see the database as it was at the first of them.
        Never retried.

        Raises RuntimeError when this thread is within `run` or `reading` already.
        """
        with self._outermost(), self.engine.connect() as connection:
            if self.dialect == "postgresql":
                connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            elif self.dialect == "mysql":
                # For the next transaction only; the session's own level stays.
                connection.exec_driver_sql(
                    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
                )
            yield connection

    def close(self) -> None:
        """Closes the connections that no thread uses now."""
        self.engine.dispose()
        self._lone.dispose()

    @contextlib.contextmanager
    def _outermost(self) -> Iterator[None]:
        if getattr(self._thread, "busy", False):
            raise RuntimeError(
                "this thread is in a transaction already: pass its connection on instead of"
                " starting another"
            )
        self._thread.busy = True
        try:
            yield
        finally:
            self._thread.busy = False

    def _once(
        self, fn: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        with self._writer, self.engine.connect() as connection:
            connection.execution_options(**self._writing)
            transaction = connection.begin()
            try:
                result = fn(connection, *args, **kwargs)
            except BaseException:
                # The server rolls back what is left of a lost connection; the first error is the
                # one to tell.
                with contextlib.suppress(exception.DBConnectionError):
                    transaction.rollback()
                raise
            try:
                transaction.commit()
            except exception.DBConnectionError as lost:
                raise OutcomeUnknown from lost
            return result


def _can_be_repeated(error: Exception) -> bool:
    # A deadlock on MariaDB takes savepoints along: going back to one fails, and oslo.db tells why.
    cause = getattr(error, "cause", None)
    return isinstance(error, (Retry, *_RETRIABLE)) or isinstance(cause, _RETRIABLE)


def _pause(tried: int) -> float:
    """Seconds to wait after that many tries: exponential, jittered so that rivals part."""
    ceiling = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(tried, 16))
    return random.uniform(ceiling / 4, ceiling)
