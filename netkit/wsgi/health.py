"""Whether a server can do its work now."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from netkit.db import Database

LOG = logging.getLogger(__name__)

Probe = Callable[[], None]
OK = "ok"
FAILING = "failing"


class Health:
    """Named probes, each a function that raises when its part does not answer.

    Anybody may ask for the health, as often as they like: the probes run at most once in
    ``interval`` seconds and never twice at a time, so that a database that hangs holds one thread
    and not all of them.
    """

    def __init__(self, probes: Mapping[str, Probe], interval: float = 1.0) -> None:
        self._probes = dict(probes)
        self._interval = interval
        self._running = threading.Lock()
        self._found: dict[str, str] = {}
        self._found_at = float("-inf")

    def checks(self) -> Mapping[str, str]:
        """``{"database": "ok"}``, or ``"failing"``: why is in the log, for it may tell too much."""
        # The first caller has nothing older to answer with, and waits.
        first = not self._found
        if time.monotonic() - self._found_at < self._interval:
            return self._found
        if self._running.acquire(blocking=first):
            try:
                self._found = {name: _outcome(name, run) for name, run in self._probes.items()}
                self._found_at = time.monotonic()
            finally:
                self._running.release()
        return self._found

    def summary(self) -> str:
        return FAILING if FAILING in self.checks().values() else OK

    def report(self) -> tuple[int, Mapping[str, Any]]:
        """For load balancers: 200 or 503, with the outcome of each probe."""
        summary = self.summary()
        body = {"health": {"status": summary, "checks": self.checks()}}
        return (200 if summary == OK else 503), body


def database_probe(database: Database) -> Probe:
    """Whether the database answers."""

    def probe() -> None:
        with database.reading() as connection:
            connection.execute(sa.select(1))

    return probe


def _outcome(name: str, probe: Probe) -> str:
    try:
        probe()
    except Exception:
        LOG.exception("the health check of %s failed", name)
        return FAILING
    return OK
