"""What every command of the management tool works with."""

from __future__ import annotations

import argparse
import contextlib
import getpass
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias, TypeVar

import sqlalchemy as sa
from oslo_config import cfg

from melange import conf as configuration
from melange.db import MELANGE
from melange.db.opening import UPGRADE, open_database
from melange.events import Events
from melange.ipam.settings import settings_of
from melange.ipam.unit import Record, Unit, utcnow
from netkit import manage, migrations
from netkit.context import RequestContext
from netkit.db import Database

T = TypeVar("T")

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class Tool:
    """The configured database, and transactions in it like those of the server."""

    def __init__(self, conf: cfg.ConfigOpts, database: Database) -> None:
        self.conf = conf
        self.database = database
        self.settings = settings_of(conf)
        self._events: Events | None = None
        self._caller = RequestContext(
            project_id=None,
            user_id=f"melange-manage:{_user()}",
            roles=frozenset({"admin"}),
            request_id=f"req-{uuid.uuid4()}",
            is_admin=True,
            all_projects=True,
        )

    def require_tables(self) -> None:
        """Raises ``netkit.migrations.NotUpgraded``."""
        migrations.check_upgraded(self.database, MELANGE, UPGRADE)

    def unit(self, connection: sa.Connection) -> Unit:
        return Unit(connection, self._caller, self.settings, utcnow())

    @contextlib.contextmanager
    def reading(self) -> Iterator[Unit]:
        """All that is read is of one moment."""
        with self.database.reading() as connection:
            yield self.unit(connection)

    def change(self, work: Callable[[Unit], T]) -> T:
        """In one transaction, retried as a whole; the audit log, and who listens, are told."""
        events = self._events = self._events or Events(self.conf, self.database)

        def attempt(connection: sa.Connection) -> tuple[T, Sequence[Record]]:
            unit = self.unit(connection)
            result = work(unit)
            unit.write_audit()
            events.outbox(unit)
            return result, unit.records

        result, records = self.database.run(attempt)
        if records:
            events.publish(self._caller, records)
        return result

    def quietly(self, work: Callable[[Unit], T]) -> T:
        """In one transaction, retried as a whole, of which no events tell."""
        return self.database.run(lambda connection: work(self.unit(connection)))

    def close(self) -> None:
        if self._events is not None:
            self._events.close()
        self.database.close()


def run(args: argparse.Namespace) -> int:
    """Runs the command that the arguments name; returns the exit code."""

    def work() -> manage.Outcome:
        conf = manage.configuration(configuration.load, configuration.PROJECT, args)
        database = manage.opened(lambda: open_database(conf))
        with contextlib.closing(Tool(conf, database)) as tool:
            outcome: manage.Outcome = args.command(tool, args)
            return outcome

    return manage.run(work, args.format, (OSError,))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
