"""Notifications through oslo.messaging."""

from __future__ import annotations

import datetime
import logging
import random
import socket
import threading
import time
import uuid
from collections.abc import Iterable
from typing import Any

from oslo_config import cfg

from melange.events.messages import Event
from melange.events.queue import Queue
from netkit.messaging import messaging, register_options

LOG = logging.getLogger(__name__)

PRIORITY = "INFO"
CLOSE_SECONDS = 2.0

GIVE_UP_SECONDS = 600.0
"""That long a notification is tried again before it is dropped."""

LONGEST_PAUSE_SECONDS = 10.0


class MessagingDriver:
    """Notifications in oslo.messaging's format 2.0. While the broker is away they wait in a queue.

    Not oslo.messaging's Notifier: it tells nobody but its log that a notification was lost. This is
    what its own drivers do.

    Raises ``oslo_messaging.InvalidTransportURL`` and ``DriverLoadFailure``.
    """

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        register_options(conf)
        self._transport = messaging.get_notification_transport(conf)
        self._target = messaging.Target(topic=f"{conf.events.topic}.{PRIORITY.lower()}")
        self._publisher_id = conf.events.publisher_id or socket.gethostname()
        self._closed = threading.Event()
        self._queue: Queue[dict[str, Any]] = Queue(
            "notifications", self._send, conf.events.queue_size
        )

    @property
    def dropped(self) -> int:
        return self._queue.dropped

    def send(self, events: Iterable[Event]) -> None:
        self._queue.put([self._message(event) for event in events])

    def close(self) -> None:
        # The transport's own clean-up could wait for a broker that is away; the process ends
        # anyhow.
        self._queue.close(CLOSE_SECONDS)
        self._closed.set()

    def _message(self, event: Event) -> dict[str, Any]:
        return {
            "message_id": str(uuid.uuid4()),
            "publisher_id": self._publisher_id,
            "event_type": event.type,
            "priority": PRIORITY,
            "payload": event.payload,
            "timestamp": str(datetime.datetime.now(datetime.UTC).replace(tzinfo=None)),
        }

    def _send(self, message: dict[str, Any]) -> None:
        """Raises what the last attempt did."""
        deadline = time.monotonic() + GIVE_UP_SECONDS
        pause = 0.5
        while True:
            try:
                self._transport._send_notification(
                    self._target, {}, dict(message), version=2.0, retry=0
                )
                return
            except Exception as error:
                if self._closed.is_set() or time.monotonic() > deadline:
                    raise
                LOG.warning("the broker takes no notifications (%s); trying again", error)
            self._closed.wait(pause * random.uniform(0.75, 1.25))
            pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
