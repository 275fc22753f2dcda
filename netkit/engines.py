"""Engines: what each database needs before netkit's transactions work on it alike."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from typing import Any, NoReturn

import sqlalchemy as sa
from oslo_db import exception
from oslo_db.sqlalchemy import enginefacade, exc_filters

from netkit.conf import without_password

SQLITE_BUSY_SECONDS = 20.0
IDLE_SECONDS = 1.0

_BACKENDS = ("sqlite", "postgresql", "mysql", "mariadb")

WRITES = "netkit_writes"
"""The execution option of a connection whose transaction is going to write."""


def checked_url(value: str | None) -> sa.URL:
    if not value:
        raise ValueError("[database] connection isn't set: give it a URL such as sqlite:////path")
    given = f"[database] connection {without_password(value)!r}"
    try:
        url = sa.make_url(value)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise ValueError(f"{given} isn't a database URL") from error
    if url.get_backend_name() not in _BACKENDS:
        raise ValueError(f"{given} isn't of SQLite, PostgreSQL or MariaDB")
    try:
        url.get_dialect().import_dbapi()
    except (sa.exc.ArgumentError, ImportError) as error:
        raise ValueError(
            f"{given} has a driver that cannot be used ({error}): give it one that is installed,"
            " such as postgresql+psycopg:// or mysql+pymysql://"
        ) from error
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise ValueError(
            f"{given} is SQLite's in-memory database, which threads cannot"
            " share; give it a file: sqlite:////path"
        )
    if url.get_backend_name() in ("mysql", "mariadb") and "charset" not in url.query:
        # oslo.db would have it be utf8, which has no emoji.
        url = url.update_query_dict({"charset": "utf8mb4"})
    return url


def new_engine(given: Mapping[str, Any]) -> sa.Engine:
    if sa.make_url(given["connection"]).get_backend_name() == "sqlite":
        return _sqlite_engine(given)
    facade = enginefacade.transaction_context()
    # thread_checkin makes way for green threads, of which we have none.
    facade.configure(sqlite_fk=True, thread_checkin=False, **given)
    facade.append_on_engine_create(_listen)
    engine: sa.Engine = facade.writer.get_engine()
    return engine


def lone_engine(engine: sa.Engine, given: Mapping[str, Any]) -> sa.Engine:
    """Connections for `run_alone`: without BEGIN and ROLLBACK, which would cost more than the
    statement, and looked after only when they have been idle.
    """
    lone = sa.create_engine(
        engine.url,
        isolation_level="AUTOCOMMIT",
        pool_size=given.get("max_pool_size") or 5,
        max_overflow=given.get("max_overflow", 50),
        pool_recycle=given.get("connection_recycle_time", 3600),
        pool_reset_on_return=None,
    )
    exc_filters.register_engine(lone)
    if lone.dialect.name == "mysql":
        sa.event.listen(lone, "connect", _prepare_mysql)
    _look_after_idle(lone)
    return lone


def _look_after_idle(engine: sa.Engine) -> None:
    """Ask the server whether a connection is alive only when it has been idle: asking each time
    costs a short transaction a quarter of its time. One that broke just now is found out by the
    transaction, which `Database.run` repeats.
    """

    def note_use(_connection: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    def look(connection: Any, record: Any, _proxy: object) -> None:
        if time.monotonic() - record.info.get("used", 0.0) > IDLE_SECONDS:
            try:
                engine.dialect.do_ping(connection)
            except Exception as error:
                raise sa.exc.InvalidatePoolError from error  # the pool gives a new one

    sa.event.listen(engine, "checkin", note_use)
    sa.event.listen(engine, "checkout", look)


def _sqlite_engine(given: Mapping[str, Any]) -> sa.Engine:
    """Not oslo.db's, which opens the file for each transaction: with its pragmas that costs more
    than most transactions.
    """
    engine = sa.create_engine(
        given["connection"],
        pool_size=given.get("max_pool_size") or 5,
        max_overflow=given.get("max_overflow", 50),
        pool_timeout=given.get("pool_timeout") or 30,
    )
    exc_filters.register_engine(engine)
    synchronous = given.get("sqlite_synchronous", True)

    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # Transactions begin as `_begin_sqlite` says, not when Python thinks that they should.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {int(SQLITE_BUSY_SECONDS * 1000)}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")
        if not synchronous:
            connection.execute("PRAGMA synchronous = OFF")

    sa.event.listen(engine, "connect", prepare)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: sa.Connection) -> None:
    # A transaction that began as a reader and writes later cannot wait for another writer: SQLite
    # fails it at once.
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _listen(engine: sa.Engine) -> None:
    if engine.dialect.name == "mysql":
        sa.event.listen(engine, "connect", _prepare_mysql)
    # oslo.db has it ask at each checkout, and has no option that says otherwise.
    engine.pool._pre_ping = False
    _look_after_idle(engine)
    # oslo.db has tried a connection out, which hasn't seen the listeners.
    engine.dispose()


def _prepare_mysql(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")


def _translate(
    dialect: str, kind: type[sa.exc.DBAPIError], pattern: str, to: type[exception.DBError]
) -> None:
    def receive(error: Exception, _match: object, _dialect: str, _lost: bool) -> NoReturn:
        raise to(inner_exception=error)

    exc_filters.filters(dialect, kind, pattern)(receive)


# What oslo.db's own filters let through: they know psycopg2's messages, in English. With psycopg 3
# SQLAlchemy puts the name of the exception's class first, whatever the server's language.
_translate(
    "postgresql",
    sa.exc.OperationalError,
    r"^\(psycopg\.errors\.(DeadlockDetected|SerializationFailure|LockNotAvailable)\)",
    exception.DBDeadlock,
)
_translate(
    "postgresql",
    sa.exc.OperationalError,
    r"^\(psycopg\.(OperationalError|errors\.ConnectionTimeout)\) "
    r"(connection |failed to resolve|\[Errno)",
    exception.DBConnectionError,
)
_translate(
    "postgresql",
    sa.exc.IntegrityError,
    r"^\(psycopg\.errors\.UniqueViolation\)",
    exception.DBDuplicateEntry,
)
_translate(
    "sqlite",
    sa.exc.OperationalError,
    r".*database (table )?is locked",
    exception.DBDeadlock,
)
