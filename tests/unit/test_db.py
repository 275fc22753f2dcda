"""netkit.db: one transaction per run, retried from the outside, on every database."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest
import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception
from oslo_db import options as oslo_options

from netkit import db, engines
from netkit.db import Database
from netkit.schema import TABLE_OPTIONS
from tests import servers
from tests.conftest import new_database

metadata = sa.MetaData()
things = sa.Table(
    "things",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("note", sa.String(40), unique=True),
    **TABLE_OPTIONS,
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database.from_url(database_url)
    metadata.create_all(database.engine)
    database.run(lambda c: c.execute(things.insert(), [{"id": 1}, {"id": 2}]))
    yield database
    database.close()


def notes(database: Database) -> list[str | None]:
    with database.reading() as connection:
        return list(connection.scalars(sa.select(things.c.note).order_by(things.c.id)))


def set_note(connection: sa.Connection, thing: int, note: str) -> None:
    connection.execute(things.update().where(things.c.id == thing).values(note=note))


def test_a_run_commits_and_returns_what_the_function_returned(database: Database) -> None:
    def write(connection: sa.Connection, note: str, *, thing: int) -> str:
        set_note(connection, thing, note)
        return note.upper()

    assert database.run(write, "hello", thing=1) == "HELLO"
    assert notes(database) == ["hello", None]


def test_an_error_of_the_function_rolls_back_and_comes_out_as_it_is(database: Database) -> None:
    def fail(connection: sa.Connection) -> NoReturn:
        set_note(connection, 1, "never seen")
        raise LookupError("no such bridge")

    with pytest.raises(LookupError, match="no such bridge"):
        database.run(fail)
    assert notes(database) == [None, None]
    assert database.retries == 0


def test_text_keeps_characters_beyond_the_basic_plane(database: Database) -> None:
    database.run(set_note, 2, "a 🌵 in a label")
    assert notes(database) == [None, "a 🌵 in a label"]


def test_a_duplicate_is_the_same_exception_on_every_database(database: Database) -> None:
    with pytest.raises(exception.DBDuplicateEntry):
        database.run(lambda c: c.execute(things.insert().values(id=1)))


def test_asking_for_a_retry_starts_a_fresh_transaction(database: Database) -> None:
    tries: list[str | None] = []

    def third_time_lucky(connection: sa.Connection) -> None:
        tries.append(connection.scalar(sa.select(things.c.note).where(things.c.id == 1)))
        set_note(connection, 1, "done")
        if len(tries) < 3:
            raise db.Retry("not yet")

    database.run(third_time_lucky)
    assert tries == [None, None, None]
    assert notes(database) == ["done", None]
    assert database.retries == 2


def test_a_run_that_never_succeeds_ends_with_the_last_reason(database_url: str) -> None:
    database = Database.from_url(database_url, db_max_retries=2)

    def always(connection: sa.Connection) -> NoReturn:
        raise db.Retry("somebody else was faster")

    with pytest.raises(db.DatabaseBusy, match="3 times .*: somebody else was faster"):
        database.run(always)
    database.close()


def test_a_run_within_a_run_is_refused(database: Database) -> None:
    def nested(_connection: sa.Connection) -> None:
        database.run(set_note, 1, "nested")

    with pytest.raises(RuntimeError, match="in a transaction already"):
        database.run(nested)
    with database.reading(), pytest.raises(RuntimeError, match="in a transaction already"):
        database.run(set_note, 1, "nested")
    database.run(set_note, 1, "not nested")
    assert notes(database) == ["not nested", None]


def test_crossing_writers_both_succeed(database: Database) -> None:
    """Each writes what the other has written: PostgreSQL and MariaDB end one in a deadlock."""
    both_have_one = threading.Barrier(2)

    def cross(connection: sa.Connection, first: int, second: int) -> None:
        set_note(connection, first, f"{first} before {second}")
        # On SQLite, and in the second try, one is alone here.
        with contextlib.suppress(threading.BrokenBarrierError):
            both_have_one.wait(0.5)
        set_note(connection, second, f"{second} after {first}")

    threads = [
        threading.Thread(target=database.run, args=(cross, first, 3 - first)) for first in (1, 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert notes(database) in (
        ["1 before 2", "2 after 1"],
        ["1 after 2", "2 before 1"],
    )
    assert database.retries == (0 if database.dialect == "sqlite" else 1)


def test_a_deadlock_within_a_savepoint_starts_the_transaction_again(database: Database) -> None:
    """MariaDB rolls back all of it, the savepoint too."""
    both_have_one = threading.Barrier(2)

    def cross(connection: sa.Connection, first: int, second: int) -> None:
        set_note(connection, first, f"{first} before {second}")
        # On SQLite, and in the second try, one is alone here.
        with contextlib.suppress(threading.BrokenBarrierError):
            both_have_one.wait(0.5)
        with connection.begin_nested():
            set_note(connection, second, f"{second} after {first}")

    threads = [
        threading.Thread(target=database.run, args=(cross, first, 3 - first)) for first in (1, 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert notes(database) in (
        ["1 before 2", "2 after 1"],
        ["1 after 2", "2 before 1"],
    )
    assert database.retries == (0 if database.dialect == "sqlite" else 1)


def test_reads_see_one_moment_and_do_not_wait_for_a_writer(database: Database) -> None:
    with database.reading() as connection:
        before = connection.scalar(sa.select(things.c.note).where(things.c.id == 1))
        writer = threading.Thread(target=database.run, args=(set_note, 1, "meanwhile"))
        writer.start()
        writer.join()
        after = connection.scalar(sa.select(things.c.note).where(things.c.id == 1))
    assert (before, after) == (None, None)
    assert notes(database) == ["meanwhile", None]


def test_a_reader_does_not_wait_for_an_open_write_transaction(database: Database) -> None:
    seen: list[list[str | None]] = []

    def write(connection: sa.Connection) -> None:
        set_note(connection, 1, "not committed yet")
        reader = threading.Thread(target=lambda: seen.append(notes(database)))
        reader.start()
        reader.join(5)

    database.run(write)
    assert seen == [[None, None]]


def test_write_transactions_are_read_committed(database: Database) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite has one writer: nothing is committed by others meanwhile")

    def look_twice(connection: sa.Connection) -> list[str | None]:
        look = sa.select(things.c.note).where(things.c.id == 1)
        first = connection.scalar(look)
        other = threading.Thread(target=database.run, args=(set_note, 1, "meanwhile"))
        other.start()
        other.join()
        return [first, connection.scalar(look)]

    assert notes(database) == [None, None], "a read before must not change the level of a write"
    assert database.run(look_twice) == [None, "meanwhile"]


def kill_own_connection(connection: sa.Connection, database: Database) -> None:
    """Ends the server's side of a connection, as an administrator or a fail-over does."""
    if database.dialect == "postgresql":
        number = connection.scalar(sa.select(sa.func.pg_backend_pid()))
        command = f"SELECT pg_terminate_backend({number}, 5000)"
    else:
        number = connection.scalar(sa.select(sa.func.connection_id()))
        command = f"KILL {number}"
    with database.engine.connect() as other:
        other.exec_driver_sql(command)


def test_a_connection_lost_before_the_commit_is_tried_again(database: Database) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite has no connection to lose")
    tries: list[int] = []

    def lose_the_first(connection: sa.Connection) -> None:
        tries.append(len(tries))
        set_note(connection, 1, f"try {len(tries)}")
        if len(tries) == 1:
            kill_own_connection(connection, database)
            connection.scalar(sa.select(1))

    database.run(lose_the_first)
    assert notes(database) == ["try 2", None]


def test_a_connection_lost_at_the_commit_is_not_tried_again(database: Database) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite has no connection to lose")
    tries: list[int] = []

    def lose(connection: sa.Connection) -> None:
        tries.append(len(tries))
        set_note(connection, 1, "perhaps")
        kill_own_connection(connection, database)

    with pytest.raises(db.OutcomeUnknown, match="look whether the change was made"):
        database.run(lose)
    assert len(tries) == 1
    database.run(set_note, 2, "the next one works")


@pytest.fixture(params=["postgresql", "mariadb"])
def served(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database of a server."""
    with new_database(request.getfixturevalue(f"{request.param}_url")) as url:
        database = Database.from_url(url)
        metadata.create_all(database.engine)
        database.run(lambda c: c.execute(things.insert(), [{"id": 1}, {"id": 2}]))
        yield database
        database.close()


def test_a_statement_alone_is_a_transaction(served: Database) -> None:
    rows = served.run_alone("SELECT id FROM things WHERE id > %(least)s", {"least": 1})
    assert [row.id for row in rows] == [2]
    with pytest.raises(exception.DBDuplicateEntry):
        served.run_alone("INSERT INTO things (id) VALUES (%(id)s), (1) RETURNING id", {"id": 9})
    with served.reading() as connection:
        assert list(connection.scalars(sa.select(things.c.id).order_by(things.c.id))) == [1, 2]


def _in_run(database: Database, sql: str) -> Any:
    return database.run(lambda connection: connection.exec_driver_sql(sql).scalar())


def _in_reading(database: Database, sql: str) -> Any:
    with database.reading() as connection:
        return connection.exec_driver_sql(sql).scalar()


def _alone(database: Database, sql: str) -> Any:
    return database.run_alone(sql, {})[0][0]


@pytest.mark.parametrize("ask", [_in_run, _in_reading, _alone])
def test_a_connection_that_was_lost_while_idle_is_replaced(
    ask: Callable[[Database, str], Any], served: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "IDLE_SECONDS", 0)
    mine = {
        "postgresql": "SELECT pg_backend_pid() AS number",
        "mysql": "SELECT connection_id() AS number",
    }[served.dialect]
    number = ask(served, mine)
    kill = {"postgresql": "SELECT pg_terminate_backend({}, 5000)", "mysql": "KILL {}"}
    url = served.engine.url.render_as_string(hide_password=False)
    with contextlib.closing(Database.from_url(url)) as other:
        other.run(lambda c: c.exec_driver_sql(kill[served.dialect].format(number)))
    assert ask(served, mine) != number


def test_a_connection_is_asked_only_after_it_was_idle(
    served: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    do_ping = served.engine.dialect.do_ping
    monkeypatch.setattr(
        served.engine.dialect, "do_ping", lambda used: (asked.append(used), do_ping(used))[1]
    )
    for _ in range(5):
        _in_run(served, "SELECT 1")
        _in_reading(served, "SELECT 1")
    assert len(asked) <= 1, "only a new connection"
    monkeypatch.setattr(engines, "IDLE_SECONDS", 0)
    before = len(asked)
    _in_run(served, "SELECT 1")
    _in_reading(served, "SELECT 1")
    assert len(asked) == before + 2


def test_a_statement_alone_that_loses_its_connection_may_have_been_done(served: Database) -> None:
    own = {
        "postgresql": "SELECT pg_terminate_backend(pg_backend_pid())",
        "mysql": "KILL CONNECTION_ID()",
    }
    with pytest.raises(db.OutcomeUnknown):
        served.run_alone(own[served.dialect], {})
    assert served.run_alone("SELECT 1 AS one", {})[0].one == 1


@pytest.mark.parametrize("scheme", ["postgresql+psycopg", "mysql+pymysql"])
def test_a_server_that_is_away_is_a_connection_error(scheme: str) -> None:
    url = f"{scheme}://someone@127.0.0.1:{servers.free_port()}/nothing"
    database = Database.from_url(url, max_retries=0)
    with pytest.raises(exception.DBConnectionError), database.reading():
        pass


def test_a_writer_that_waits_too_long_for_sqlites_lock_is_told_so(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "SQLITE_BUSY_SECONDS", 0.05)
    database = Database.from_url(sqlite_url, db_max_retries=1)
    rival = Database.from_url(sqlite_url)
    metadata.create_all(rival.engine)

    def hold(connection: sa.Connection) -> None:
        with pytest.raises(db.DatabaseBusy, match="2 times .*locked"):
            database.run(set_note, 1, "too late")

    rival.run(hold)


def test_sqlite_enforces_foreign_keys(sqlite_url: str) -> None:
    database = Database.from_url(sqlite_url)
    with database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_the_options_of_oslo_config_configure_the_pool(postgresql_url: str) -> None:
    conf = cfg.ConfigOpts()
    conf.register_opts(oslo_options.database_opts, "database")
    conf([], default_config_files=[])
    conf.set_override("connection", postgresql_url, "database")
    conf.set_override("max_pool_size", 3, "database")
    database = Database(conf.database)
    pool = database.engine.pool
    assert isinstance(pool, sa.QueuePool)
    assert pool.size() == 3
    database.close()


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("", "isn't set"),
        ("nonsense", "'nonsense' isn't a database URL"),
        ("sqlite://", "in-memory"),
        ("sqlite:///:memory:", "in-memory"),
        (
            "mysql://ann:secret@host/x",
            r"'mysql://ann:\*\*\*@host/x' has a driver that cannot be used",
        ),
        ("postgresql+nothing://host/x", "has a driver that cannot be used"),
        ("oracle://ann:secret@host/x", r"'oracle://ann:\*\*\*@host/x' isn't of SQLite"),
        ("mysql+pymysql://ann:secret@host:x/y", r"'mysql\+pymysql://ann:\*\*\*@host:x/y' isn't a"),
    ],
)
def test_a_useless_url_is_refused_with_the_reason(url: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Database.from_url(url)
