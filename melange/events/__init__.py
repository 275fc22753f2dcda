"""Tells others what has changed: notifications after the commit, webhooks through an outbox.

    events = Events(conf, database)
    events.outbox(unit)                 # in the transaction, at its end
    events.publish(caller, records)     # after its commit

A request neither fails nor waits because of any of it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from oslo_config import cfg

from melange.events import drivers, messages
from melange.events.delivery import Deliverer
from melange.events.outbox import Outbox
from melange.ipam.unit import Record, Unit
from netkit.context import RequestContext
from netkit.db import Database

LOG = logging.getLogger(__name__)


class Events:
    """One for each process. Threads start with the first event (notifications) or with ``start``
    (webhooks).
    """

    def __init__(self, conf: cfg.ConfigOpts, database: Database) -> None:
        self._database = database
        self._drivers = drivers.load(conf)
        self._outbox = Outbox(conf.webhooks.poll_interval)
        self._deliverer = Deliverer(conf, database)

    @property
    def dropped(self) -> int:
        """Notifications that were lost since the start."""
        return sum(driver.dropped for driver in self._drivers)

    def start(self) -> None:
        """Deliver to webhooks, from this process."""
        self._deliverer.start()

    def has_webhooks(self, tenant_id: str) -> bool:
        """Whether the tenant's allocations have to be told in their own transaction. To be asked
        outside of one.
        """
        self._outbox.look(self._database)
        return self._outbox.wants(messages.ALLOCATION, tenant_id)

    def outbox(self, unit: Unit) -> None:
        """Writes what webhooks are to be told of what the unit has recorded."""
        self._outbox.write(unit)

    def publish(self, caller: RequestContext, records: Sequence[Record]) -> None:
        """Tells of committed changes. Never raises, never waits."""
        try:
            if any(record.resource == "webhook" for record in records):
                self._outbox.forget()
            if not self._drivers and not self._outbox.known:
                return
            events = [event for record in records for event in messages.events(record)]
            if any(self._outbox.wants([event.type], event.tenant_id) for event in events):
                self._deliverer.wake()
            for driver in self._drivers:
                driver.send(events)
        except Exception:
            LOG.exception("request %s: its events are lost", caller.request_id)

    def close(self) -> None:
        """Sends what waits, for a moment."""
        self._deliverer.close()
        for driver in self._drivers:
            driver.close()
