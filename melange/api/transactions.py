"""The transaction around each handler: one for a call, retried as a whole.

In it, beside the handler's own work: the record of the call's Idempotency-Key and the audit log.
After it: the events.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exc

from melange.api import etags, idempotency
from melange.api.row import Row
from melange.ipam.settings import Settings
from melange.ipam.unit import Record, Unit, utcnow
from netkit.context import RequestContext
from netkit.db import Database, Retry
from netkit.wsgi.request import Reply, Request, Result
from netkit.wsgi.routing import Handler

Publish = Callable[[RequestContext, Sequence[Record]], None]
"""Tells the world what a committed transaction has changed. Must not fail, nor wait."""


class Transactions:
    """Makes WSGI handlers of the API's handlers, which take a Unit too."""

    def __init__(self, database: Database, settings: Settings, publish: Publish) -> None:
        self._database = database
        self._settings = settings
        self._publish = publish

    def wrap(self, row: Row) -> Handler:
        """For ``api.row.routes``."""
        return self._reading(row) if row.method == "GET" else self._writing(row)

    def _reading(self, row: Row) -> Handler:
        def handle(request: Request, **variables: str) -> Result:
            with self._database.reading() as connection:
                unit = self._unit(request, connection)
                return etags.conditional(request, _reply(row, request, unit, variables))

        return handle

    def _writing(self, row: Row) -> Handler:
        def work(
            connection: sa.Connection, request: Request, variables: dict[str, str]
        ) -> tuple[Reply, list[Record]]:
            unit = self._unit(request, connection)
            try:
                reply = idempotency.once(
                    unit, request, lambda: _reply(row, request, unit, variables)
                )
                unit.write_audit()
            except db_exc.DBReferenceError as error:
                # Somebody has deleted what was there when we looked: look again.
                raise Retry(str(error)) from error
            return reply, unit.records

        def handle(request: Request, **variables: str) -> Result:
            if row.express is not None and not idempotency.key_of(request):
                quick: Reply | None = row.express(
                    request, self._database, self._settings, **variables
                )
                if quick is not None:
                    return quick
            reply, records = self._database.run(work, request, variables)
            if records:
                self._publish(request.context, records)
            return reply

        return handle

    def _unit(self, request: Request, connection: sa.Connection) -> Unit:
        return Unit(connection, request.context, self._settings, utcnow())


def _reply(row: Row, request: Request, unit: Unit, variables: dict[str, str]) -> Reply:
    result: Any = row.handler(request, unit, **variables)
    return result if isinstance(result, Reply) else Reply(*result)
