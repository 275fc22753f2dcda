"""A bounded queue and the thread that empties it, so that nobody waits for who is told."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

LOG = logging.getLogger(__name__)

T = TypeVar("T")

REPORT_SECONDS = 60.0
"""That often at most the log tells of what was dropped."""


class Queue(Generic[T]):
    """Hands items to ``send``, one by one in their order. ``send`` may block and may raise.

    ``dropped``: how many were lost since the start, because the queue was full, ``send`` raised, or
    the process ended.
    """

    def __init__(self, name: str, send: Callable[[T], None], size: int) -> None:
        self.dropped = 0
        self._name = name
        self._send = send
        self._size = size
        self._waiting: deque[T] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._sending = False
        self._closed = False
        self._ended = False
        self._told = 0
        self._tell_at = 0.0

    def put(self, items: Sequence[T]) -> None:
        """Never blocks, never raises."""
        with self._changed:
            room = 0 if self._closed else self._size - len(self._waiting)
            self._waiting.extend(items[:room])
            self._drop(len(items) - min(room, len(items)), "too many wait")
            if self._waiting:
                self._start()
                self._changed.notify_all()

    def close(self, timeout: float) -> None:
        """Sends what waits, for at most ``timeout`` seconds."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._waiting and not self._sending, timeout)
            lost = len(self._waiting) + self._sending
            self._waiting.clear()
            self._ended = True
            self._tell_at = 0.0
            self._drop(lost, "this process ends")

    def _start(self) -> None:
        # Not in the constructor: threads do not survive the fork of a server's workers.
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._sending = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                item = self._waiting.popleft()
                self._sending = True
            try:
                self._send(item)
            except Exception as error:
                with self._changed:
                    # What was being sent when the queue was closed is counted there.
                    if not self._ended:
                        self._drop(1, str(error))

    def _drop(self, count: int, why: str) -> None:
        self.dropped += count
        if self.dropped > self._told and time.monotonic() >= self._tell_at:
            LOG.warning(
                "%s: dropped %d (%d since the start): %s",
                self._name,
                self.dropped - self._told,
                self.dropped,
                why,
            )
            self._told = self.dropped
            self._tell_at = time.monotonic() + REPORT_SECONDS
