"""The frame of a command: its expected errors are one line, not a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable


def run(prog: str, work: Callable[[], None], expected: tuple[type[Exception], ...]) -> int:
    """The exit code: 0 when the work is done; 1 after an ``expected`` error, with one line on the
    standard error stream that tells it.
    """
    try:
        work()
    except expected as error:
        print(f"{prog}: error: {str(error).strip()}", file=sys.stderr)
        return 1
    return 0
