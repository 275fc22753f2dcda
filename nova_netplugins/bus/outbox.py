"""Sends prompts behind the caller's back, so that a broker that is away never holds up a request.

A prompt may be lost. When the broker does not take one, all that wait are dropped: daemons converge
on their own, and old prompts in great number would only delay new ones.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

LOG = logging.getLogger(__name__)

CAPACITY = 10_000

Message = tuple[str, tuple[tuple[str, Any], ...]]
"""A method and its keyword arguments, as a value that can be compared: equal ones are sent once."""


class Outbox:
    """One background thread that hands messages to ``send``, which may block and may raise."""

    def __init__(self, send: Callable[[str, dict[str, Any]], None]) -> None:
        self._send = send
        self._waiting: dict[Message, None] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._sending = False
        self._closed = False
        self._failing = False

    def put(self, method: str, **arguments: Any) -> None:
        """Never blocks, never raises."""
        with self._changed:
            if self._closed or len(self._waiting) >= CAPACITY:
                LOG.debug("dropped prompt %s %s", method, arguments)
                return
            self._waiting[method, tuple(sorted(arguments.items()))] = None
            self._start()
            self._changed.notify_all()

    def close(self, timeout: float) -> None:
        """Send what waits, for at most ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: not self._waiting and not self._sending,
                max(0.0, deadline - time.monotonic()),
            )
            self._waiting.clear()

    def _start(self) -> None:
        # Not in the constructor: a WSGI server may make the application first and fork then, and
        # threads do not survive a fork.
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="prompts", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._sending = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                message = next(iter(self._waiting))
                del self._waiting[message]
                self._sending = True
            self._deliver(message)

    def _deliver(self, message: Message) -> None:
        method, arguments = message
        try:
            self._send(method, dict(arguments))
        except Exception as error:
            with self._changed:
                dropped = len(self._waiting) + 1
                self._waiting.clear()
            LOG.log(
                logging.DEBUG if self._failing else logging.WARNING,
                "the message bus takes no prompts (%s); dropped %d, agents and services will find "
                "out at their next sync",
                error,
                dropped,
            )
            self._failing = True
        else:
            if self._failing:
                LOG.info("the message bus takes prompts again")
            self._failing = False
