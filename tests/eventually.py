"""Waiting for something to become true, with a bound."""

from __future__ import annotations

import time
from collections.abc import Callable


def eventually(
    condition: Callable[[], object], what: str, seconds: float = 10.0, pause: float = 0.01
) -> None:
    """Fails with ``what`` if the condition does not hold within that time. ``pause``: between two
    looks, for one that costs others their time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(pause)
