"""Migrations: lineages of alembic revisions that share one database and one alembic environment.

Each lineage has a directory of revisions and a version table of its own, so that the core and every
network service are upgraded independently of each other. There are only upgrades: the way back from
one is the backup made before it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from netkit import errors
from netkit.db import Database

_ENVIRONMENT = Path(__file__).with_name("alembic_environment")
_LOCK_SECONDS = 600
# Any number will do that no other user of advisory locks in the same database has chosen.
_POSTGRESQL_LOCK = 0x6E65746B69740001

# `alembic.context` and `alembic.op` are global to the process.
_alembic = threading.Lock()


class MigrationError(errors.ServiceError):
    """The database cannot be brought to the revision asked for."""

    code = "migration_failed"


class NotUpgraded(errors.Unavailable):
    """The database lacks migrations of this release."""

    code = "database_not_upgraded"
    template = (
        "the database is not that of this release: {value} is at revision {found} and should be at "
        "{wanted}; run {command}"
    )


@dataclass(frozen=True)
class Lineage:
    """``versions``: the directory of the revisions. ``metadata``: what they add up to."""

    name: str
    versions: str
    metadata: sa.MetaData

    @property
    def version_table(self) -> str:
        return f"alembic_version_{self.name}"


@dataclass(frozen=True)
class Revision:
    """One step of a lineage."""

    id: str
    summary: str


def upgrade(database: Database, lineage: Lineage, revision: str = "head") -> None:
    """Run the revisions up to this one that the database has not had yet, oldest first.

    Any number of processes may upgrade at once: one does it, the others wait and find it done. (The
    lock is local to one node of a Galera cluster: upgrade a cluster through one of them.)
    PostgreSQL and SQLite change all or nothing. MariaDB commits each change of the schema by
    itself; an upgrade that broke off there is continued by running it again.

    Raises ``MigrationError``.
    """
    _checked_current(database, lineage)
    with _explained(lineage, revision):
        database.run(_upgrade, lineage, revision)


def current(database: Database, lineage: Lineage) -> str | None:
    """The revision the database has of this lineage; None before its first upgrade."""
    with database.reading() as connection:
        return _current(connection, lineage)


def check_upgraded(database: Database, lineage: Lineage, command: str) -> None:
    """Raises ``NotUpgraded``, which names the ``command`` to run, if a table may be missing."""
    found = current(database, lineage)
    wanted = head(lineage)
    if found != wanted:
        raise NotUpgraded(value=lineage.name, found=found or "none", wanted=wanted, command=command)


def history(lineage: Lineage) -> list[Revision]:
    """All revisions of a lineage, oldest first."""
    scripts = ScriptDirectory.from_config(_config(lineage))
    found = [Revision(script.revision, script.doc) for script in scripts.walk_revisions()]
    return found[::-1]


def head(lineage: Lineage) -> str | None:
    """The newest revision of a lineage; None when it has none."""
    revisions = history(lineage)
    return revisions[-1].id if revisions else None


def compare(database: Database, lineage: Lineage) -> Sequence[Any]:
    """How a database with nothing but this lineage differs from its models, as alembic tells."""
    with database.reading() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": lineage.version_table,
                "compare_type": True,
                "compare_server_default": _differs,
            },
        )
        return cast("Sequence[Any]", compare_metadata(context, lineage.metadata))


def _differs(
    _context: Any, _found: Any, _wanted: Any, default: str | None, _clause: Any, model: str | None
) -> bool | None:
    """Whether a column's default is not the model's; None: alembic finds out.

    Alembic compares the model's default without its quotes with the database's, which on SQLite and
    MariaDB has some left when it is the empty string.
    """
    return False if model == "" and default in ("''", "('')") else None


def _upgrade(connection: sa.Connection, lineage: Lineage, revision: str) -> None:
    with _alone(connection), _alembic:
        config = _config(lineage)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        if connection.dialect.name == "sqlite":
            _check_foreign_keys(connection)


def _config(lineage: Lineage) -> Config:
    config = Config(attributes={"lineage": lineage})
    for option, value in {
        "script_location": str(_ENVIRONMENT),
        "version_locations": lineage.versions,
        "path_separator": "newline",
    }.items():
        config.set_main_option(option, value.replace("%", "%%"))
    return config


def _current(connection: sa.Connection, lineage: Lineage) -> str | None:
    # Not by alembic's context, which logs each time that it looks.
    if not sa.inspect(connection).has_table(lineage.version_table):
        return None
    versions = sa.table(lineage.version_table, sa.column("version_num", sa.String()))
    return connection.scalar(sa.select(versions.c.version_num))


def _checked_current(database: Database, lineage: Lineage) -> None:
    found = current(database, lineage)
    known = [revision.id for revision in history(lineage)]
    if found is not None and found not in known:
        raise MigrationError(
            f"the database is at revision {found} of {lineage.name}, which this release does not "
            f"have (its newest is {known[-1] if known else 'none'}): a newer release upgraded it"
        )


@contextlib.contextmanager
def _explained(lineage: Lineage, revision: str) -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        known = ", ".join(revision.id for revision in history(lineage)) or "none"
        raise MigrationError(
            f"{lineage.name} cannot be upgraded to revision {revision!r}: {error}. "
            f"Its revisions: {known}"
        ) from error


@contextlib.contextmanager
def _alone(connection: sa.Connection) -> Iterator[None]:
    """Nobody else upgrades this database meanwhile."""
    if connection.dialect.name == "postgresql":
        # Held until the transaction ends.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_POSTGRESQL_LOCK)))
        yield
    elif connection.dialect.name == "sqlite":
        _suspend_foreign_keys(connection)
        yield
    else:
        # MariaDB's locks are the server's, not the database's.
        name = sa.func.concat(sa.func.database(), ".migrations")
        if connection.scalar(sa.select(sa.func.get_lock(name, _LOCK_SECONDS))) != 1:
            raise MigrationError(
                f"another upgrade of this database has been running for {_LOCK_SECONDS} s"
            )
        try:
            yield
            # The next one must find the version row: the lock has to outlive the transaction.
            connection.exec_driver_sql("COMMIT")
        finally:
            connection.execute(sa.select(sa.func.release_lock(name)))


def _suspend_foreign_keys(connection: sa.Connection) -> None:
    """Begin SQLite's write transaction, which excludes other writers, again: without foreign keys.

    A batch migration copies a table and drops the old one; with foreign keys on, dropping it would
    delete what refers to its rows. The switch does nothing within a transaction. The connection is
    detached, that is closed at the end, so that nobody after us gets one without foreign keys.
    """
    raw = cast("Any", connection.connection.driver_connection)
    connection.detach()
    raw.execute("ROLLBACK")
    raw.execute("PRAGMA foreign_keys = OFF")
    raw.execute("BEGIN IMMEDIATE")


def _check_foreign_keys(connection: sa.Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise MigrationError(f"the upgrade would leave rows that refer to nothing: {broken[:10]}")
