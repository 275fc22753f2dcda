"""Notifications through oslo.messaging."""

from __future__ import annotations

import socket
from collections.abc import Iterable

from oslo_config import cfg

from melange.events.messages import Event
from melange.events.queue import Queue
from netkit.messaging import messaging, register_options

CLOSE_SECONDS = 2.0


class MessagingDriver:
    """oslo.messaging's notifications, in its format 2.0, with priority info.

    While the broker is away, they wait in our own queue. Raises
    ``oslo_messaging.InvalidTransportURL`` and ``DriverLoadFailure``.
    """

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        register_options(conf)
        self._transport = messaging.get_notification_transport(conf)
        self._notifier = messaging.Notifier(
            self._transport,
            publisher_id=conf.events.publisher_id or socket.gethostname(),
            driver="messagingv2",
            topics=[conf.events.topic],
            # For ever: oslo.messaging would log what it gives up, but nobody could count it.
            retry=-1,
        )
        self._queue: Queue[Event] = Queue("notifications", self._send, conf.events.queue_size)

    @property
    def dropped(self) -> int:
        return self._queue.dropped

    def send(self, events: Iterable[Event]) -> None:
        self._queue.put(list(events))

    def close(self) -> None:
        # The transport's own clean-up could wait for a broker that is away; the process ends
        # anyhow.
        self._queue.close(CLOSE_SECONDS)

    def _send(self, event: Event) -> None:
        self._notifier.info({}, event.type, event.payload)
