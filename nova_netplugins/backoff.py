"""When to look again: at an interval, and sooner after a failure."""

from __future__ import annotations

import random
import time

FIRST_SECONDS = 1.0

# With a message bus that carries prompts, and without.
PROMPTED_SECONDS = 30.0
UNPROMPTED_SECONDS = 2.0


def sync_interval(configured: float | None, prompted: bool) -> float:
    """Seconds between two syncs of a daemon."""
    if configured is not None:
        return configured
    return PROMPTED_SECONDS if prompted else UNPROMPTED_SECONDS


class Schedule:
    """The next sync: after ``interval`` seconds, or after a failure 1, 2, 4 ... up to that.

    Times vary by a tenth, so that the daemons of many hosts do not ask all at once, not even after
    net-api was away.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._failures = 0
        self._due = time.monotonic()

    def remaining(self) -> float:
        """Seconds until the next sync is due, 0 if it is."""
        return max(0.0, self._due - time.monotonic())

    def succeeded(self) -> None:
        """A sync, in all its parts."""
        self._failures = 0
        self._due = self._after(self._interval)

    def failed(self) -> None:
        """A sync, in some part."""
        self._due = self._after(min(self._interval, FIRST_SECONDS * 2 ** min(self._failures, 16)))
        self._failures += 1

    def hurry(self) -> None:
        """Something between two syncs failed: the next one shall repair it."""
        self._due = min(self._due, self._after(min(self._interval, FIRST_SECONDS)))

    def _after(self, seconds: float) -> float:
        return time.monotonic() + seconds * random.uniform(0.9, 1.1)
