"""What a daemon's process is made of: one instance a host, and signals that end it in order."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(Exception):
    """Another process of this sort works on this host."""


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """No other process is within this block; the kernel lets go of the file if we are killed.

    Raises ``AlreadyRunning``, ``OSError`` if the file cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            raise AlreadyRunning(f"process {owner} runs already: it holds {path}") from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


class StopSignal:
    """SIGTERM and SIGINT as something to wait for. To be made in the main thread.

    A pipe, since a handler runs between any two instructions of the main thread, where taking a
    lock (an Event has one) could wait for ever.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._on_signals(self.set)

    @contextmanager
    def ending_at_once(self) -> Iterator[None]:
        """A signal ends the process within this block, where it may wait for long and has nothing
        yet to end in order. A handler that returns would have the sleep go on (PEP 475).
        """
        self._on_signals(sys.exit)
        try:
            yield
        finally:
            self._on_signals(self.set)

    def set(self) -> None:
        """Also for other threads: the process shall end."""
        try:
            os.write(self._write, b"x")
        except BlockingIOError:
            return

    def wait(self) -> None:
        """Return when the process shall end."""
        os.read(self._read, 1)

    @staticmethod
    def _on_signals(act: Callable[[], None]) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: act())
