"""What webhooks are to be told of, written in the transaction of the change itself."""

from __future__ import annotations

import datetime
import json
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from melange.db.webhook_tables import webhook_deliveries, webhooks
from melange.events import messages
from melange.events.messages import Event
from melange.events.webhooks import Webhook, everyone, of_row
from melange.identifiers import new_id
from melange.ipam.unit import Unit
from netkit.db import Database


class Outbox:
    """Knows which webhooks there are; looks again every ``seconds``, so that where there are none
    a change costs nothing more.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._known: Sequence[Webhook] = ()
        self._look_at = 0.0

    @property
    def known(self) -> bool:
        """Whether there were webhooks at the last look."""
        return bool(self._known)

    def forget(self) -> None:
        """A webhook has changed: look again at the next change."""
        self._look_at = 0.0

    def look(self, database: Database) -> None:
        """If it is time. Outside of a transaction."""
        if time.monotonic() >= self._look_at:
            with database.reading() as connection:
                self._look(connection)

    def wants(self, types: Iterable[str], tenant_id: str | None) -> bool:
        """Whether some webhook is told of such an event of this tenant's objects."""
        return any(hook.wants(type, tenant_id) for hook in self._known for type in types)

    def write(self, unit: Unit) -> bool:
        """The deliveries of what the unit has recorded; whether there are any."""
        if not unit.records:
            return False
        if time.monotonic() >= self._look_at:
            self._look(unit.connection)
        if not self._known:
            return False
        rows = list(self._rows(unit))
        if rows:
            unit.connection.execute(webhook_deliveries.insert(), rows)
        return bool(rows)

    def _look(self, connection: sa.Connection) -> None:
        # One of many threads looks; the others go by what was known.
        if self._lock.acquire(blocking=False):
            try:
                self._look_at = time.monotonic() + self._seconds
                self._known = everyone(connection)
            finally:
                self._lock.release()

    def _rows(self, unit: Unit) -> Iterator[dict[str, Any]]:
        # Of webhooks themselves the audit log and notifications tell.
        records = [record for record in unit.records if record.resource != "webhook"]
        events = [event for record in records for event in messages.events(record)]
        wanting = [
            hook.id
            for hook in self._known
            if any(hook.wants(event.type, event.tenant_id) for event in events)
        ]
        if not wanting:
            return
        query = sa.select(webhooks).where(webhooks.c.id.in_(wanting))
        for row in unit.connection.execute(query):
            hook = of_row(row)
            for event in events:
                if hook.wants(event.type, event.tenant_id):
                    yield _row(hook, event, unit.now)


def _row(hook: Webhook, event: Event, now: datetime.datetime) -> dict[str, Any]:
    body = {"type": event.type, "timestamp": f"{now.isoformat()}Z", "data": event.payload}
    return {
        "id": new_id(),
        "webhook_id": hook.id,
        "event_type": event.type,
        "body": json.dumps(body, ensure_ascii=False),
        "state": "pending",
        "attempts": 0,
        "next_attempt_at": now,
        "created_at": now,
        "updated_at": now,
    }
