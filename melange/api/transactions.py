"""The transaction around each handler: one for a call, retried as a whole.

In it, beside the handler's own work: the record of the call's Idempotency-Key and the audit log.
After it: the events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exc

from melange.api import etags, idempotency
from melange.api.row import Row
from melange.events import Events
from melange.ipam.settings import Settings
from melange.ipam.unit import Record, Unit, utcnow
from netkit.db import Database, Retry
from netkit.errors import BadRequest
from netkit.pool import NoSuchPool
from netkit.wsgi.request import Reply, Request, Result
from netkit.wsgi.routing import Handler

LONGEST_NAME = 255


class Transactions:
    """Makes WSGI handlers of the API's handlers, which take a Unit too. Without ``events`` nobody
    is told of changes.
    """

    def __init__(self, database: Database, settings: Settings, events: Events | None) -> None:
        self._database = database
        self._settings = settings
        self._events = events

    def wrap(self, row: Row) -> Handler:
        """For ``api.row.routes``."""
        handle = self._reading(row) if row.method == "GET" else self._writing(row)
        known = frozenset((row.query or {}).get("properties", ()))

        def checked(request: Request, **variables: str) -> Result:
            _require_names(variables)
            if not known.issuperset(request.params):
                request = _without_unknown(request, known)
            return handle(request, **variables)

        return checked

    def _reading(self, row: Row) -> Handler:
        def handle(request: Request, **variables: str) -> Result:
            if row.express is not None:
                quick = row.express(request, self._database, self._settings, **variables)
                if quick is not None:
                    return etags.conditional(request, quick)
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
                if self._events is not None:
                    self._events.outbox(unit)
            except (db_exc.DBReferenceError, NoSuchPool) as error:
                # Somebody has deleted what was there when we looked: look again.
                raise Retry(str(error)) from error
            return reply, unit.records

        def handle(request: Request, **variables: str) -> Result:
            quick = self._quick(row, request, variables)
            if quick is not None:
                return quick
            reply, records = self._database.run(work, request, variables)
            self._publish(request, records)
            return reply

        return handle

    def _quick(self, row: Row, request: Request, variables: dict[str, str]) -> Reply | None:
        """The answer of the handler's express way, if it has one that can be gone now."""
        if row.express is None or idempotency.leaves_express(request):
            return None
        # Webhooks are told in the transaction of the change, which the express way leaves no room
        # for.
        if self._events is not None and self._events.has_webhooks(variables["tenant_id"]):
            return None
        reply = row.express(request, self._database, self._settings, **variables)
        if reply is None:
            return None
        view = (reply.body or {})["ip_address"]
        tenant_id = view["used_by_tenant"]
        record = Record("allocate", "ip_address", view["id"], tenant_id, None, view)
        self._publish(request, [record])
        return reply

    def _publish(self, request: Request, records: list[Record]) -> None:
        if self._events is not None and records:
            self._events.publish(request.context, records)

    def _unit(self, request: Request, connection: sa.Connection) -> Unit:
        return Unit(connection, request.context, self._settings, utcnow())


def _reply(row: Row, request: Request, unit: Unit, variables: dict[str, str]) -> Reply:
    result: Any = row.handler(request, unit, **variables)
    return result if isinstance(result, Reply) else Reply(*result)


def _without_unknown(request: Request, known: frozenset[str]) -> Request:
    """No schema has looked at the parameters that a route doesn't have: they are ignored."""
    params = {name: value for name, value in request.params.items() if name in known}
    return replace(request, params=params)


def _require_names(variables: Mapping[str, str]) -> None:
    """Whatever a path names, some column has to hold. Raises BadRequest."""
    for name, value in variables.items():
        if len(value) > LONGEST_NAME:
            raise BadRequest(
                f"{name} has {len(value)} characters; give {LONGEST_NAME} at most",
                field=name,
                value=value,
            )
