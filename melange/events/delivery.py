"""Delivers what waits for webhooks. Any number of servers share the work: who calls a webhook has
its row marked until then, and the others look for another (SKIP LOCKED).

A call that fails is made again after 5 s, 10 s, 20 s ... up to an hour, give or take, for a day;
and after any failure its webhook is left alone for a while, so that one that is away is not called
for each of ten thousand events.
"""

from __future__ import annotations

import datetime
import logging
import random
import threading
import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db.exception import DBError

from melange.db.webhook_tables import webhook_deliveries, webhooks
from melange.events import signature
from melange.events.call import CallFailed, post
from melange.events.webhooks import Webhook, of_row
from melange.ipam.unit import utcnow
from netkit.db import Database

LOG = logging.getLogger(__name__)

BATCH_SECONDS = 10.0
"""That long one webhook is served before others get their turn."""

FIRST_SECONDS, LONGEST_SECONDS = 5.0, 3600.0
"""Between two attempts of a delivery."""

LONGEST_PAUSE_SECONDS = 300.0
"""Between two calls of a webhook that fails, whatever is delivered."""

CLOSE_SECONDS = 2.0
_LONGEST_ERROR = 500


@dataclass(frozen=True)
class _Delivery:
    id: str
    body: str
    attempts: int
    created_at: datetime.datetime


class Deliverer:
    """``start`` its threads in the process that serves, ``wake`` them when there is something."""

    def __init__(self, conf: cfg.ConfigOpts, database: Database) -> None:
        self._options = conf.webhooks
        self._database = database
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._work = False
        self._closed = False

    def start(self) -> None:
        for number in range(self._options.workers):
            name = f"webhooks-{number}"
            self._threads.append(threading.Thread(target=self._run, name=name, daemon=True))
            self._threads[-1].start()

    def wake(self) -> None:
        with self._changed:
            self._work = True
            self._changed.notify()

    def close(self) -> None:
        """What is being called may be called once more by another server."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        while not self._closed:
            try:
                busy = self.deliver_some()
            except DBError as error:
                LOG.warning("the database cannot be asked for webhooks to call: %s", error)
                busy = False
            except Exception:
                LOG.exception("webhooks could not be called; trying again soon")
                busy = False
            with self._changed:
                if not busy and not self._work and not self._closed:
                    # Not all servers and threads at once.
                    interval = self._options.poll_interval * random.uniform(0.75, 1.25)
                    self._changed.wait(interval)
                self._work = False

    def deliver_some(self) -> bool:
        """Calls one webhook for what it is to be told, if there is any; whether there was."""
        # Most often there is not: then not even a transaction that could write.
        with self._database.reading() as connection:
            if connection.scalar(_due(utcnow()).with_only_columns(webhooks.c.id)) is None:
                return False
        hook = self._database.run(self._claim)
        if hook is None:
            return True
        self._serve(hook)
        return True

    def _claim(self, connection: sa.Connection) -> Webhook | None:
        """A webhook that has something due, ours until it would have been served twice over."""
        query = _due(utcnow()).with_for_update(skip_locked=True, of=webhooks)
        row = connection.execute(query).one_or_none()
        if row is None:
            return None
        lease = 60 + 2 * (BATCH_SECONDS + self._options.timeout)
        until = utcnow() + datetime.timedelta(seconds=lease)
        _change(connection, row.id, not_before=until)
        return of_row(row)

    def _serve(self, hook: Webhook) -> None:
        deadline = time.monotonic() + BATCH_SECONDS
        failed = False
        while not failed and not self._closed and time.monotonic() < deadline:
            delivery = self._next(hook)
            if delivery is None:
                break
            status, error = self._call(hook, delivery)
            failed = error is not None
            self._database.run(self._note, hook, delivery, status, error)
        if not failed:
            self._database.run(_change, hook.id, not_before=utcnow(), failures=0)

    def _next(self, hook: Webhook) -> _Delivery | None:
        c = webhook_deliveries.c
        query = (
            sa.select(c.id, c.body, c.attempts, c.created_at)
            .where(c.webhook_id == hook.id, c.next_attempt_at <= utcnow())
            .order_by(c.next_attempt_at, c.id)
            .limit(1)
        )
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _Delivery(*row)

    def _call(self, hook: Webhook, delivery: _Delivery) -> tuple[int | None, str | None]:
        """The status of the answer, and what is wrong with it."""
        body = delivery.body.encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "melange",
            **signature.headers(hook.secret, delivery.id, int(time.time()), body),
        }
        timeout, private = self._options.timeout, self._options.allow_private_addresses
        try:
            status = post(hook.url, body, headers, timeout=timeout, private=private)
        except CallFailed as error:
            return None, str(error)
        if 200 <= status < 300:
            return status, None
        redirected = " (redirects are not followed)" if 300 <= status < 400 else ""
        return status, f"it answered {status}{redirected}"

    def _note(
        self,
        connection: sa.Connection,
        hook: Webhook,
        delivery: _Delivery,
        status: int | None,
        error: str | None,
    ) -> None:
        now = utcnow()
        values: dict[str, Any] = {
            "state": "delivered",
            "attempts": delivery.attempts + 1,
            "next_attempt_at": None,
            "status": status,
            "error": None if error is None else error[:_LONGEST_ERROR],
            "updated_at": now,
        }
        c = webhook_deliveries.c
        if error is not None:
            LOG.info("webhook %s: delivery %s failed: %s", hook.id, delivery.id, error)
            again = now + _pause(FIRST_SECONDS, delivery.attempts, LONGEST_SECONDS)
            values |= {"state": "pending", "next_attempt_at": again}
            pause = _pause(1.0, hook.failures, LONGEST_PAUSE_SECONDS)
            _change(connection, hook.id, not_before=now + pause, failures=hook.failures + 1)
        update = webhook_deliveries.update()
        connection.execute(update.where(c.id == delivery.id).values(values))
        if error is not None:
            oldest = now - datetime.timedelta(hours=self._options.give_up_hours)
            given_up = {"state": "given_up", "next_attempt_at": None, "updated_at": now}
            late = (c.webhook_id == hook.id, c.state == "pending", c.created_at <= oldest)
            connection.execute(update.where(*late).values(given_up))


def _due(now: datetime.datetime) -> sa.Select[Any]:
    """A webhook that has something due and is not to be left alone; the longest waiting first."""
    w, d = webhooks.c, webhook_deliveries.c
    waiting = sa.exists().where(d.webhook_id == w.id, d.next_attempt_at <= now)
    query = sa.select(webhooks).where(w.not_before <= now, waiting)
    return query.order_by(w.not_before).limit(1)


def _change(connection: sa.Connection, webhook_id: str, /, **values: Any) -> None:
    connection.execute(webhooks.update().where(webhooks.c.id == webhook_id).values(values))


def _pause(first: float, failures: int, longest: float) -> datetime.timedelta:
    """Doubled with each failure, and some of it by chance: many that failed at once don't come
    back at once.
    """
    seconds = min(longest, first * 2 ** min(failures, 16))
    return datetime.timedelta(seconds=seconds * random.uniform(0.5, 1.0))
