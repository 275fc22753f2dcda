"""Scripts run by a Python of their own."""

from __future__ import annotations

import os
import subprocess
import sys


def last_line(script: str, **environment: str) -> str:
    """The last line that the script prints. Fails with what it says on standard error otherwise."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, **environment},
    )
    lines = done.stdout.splitlines()
    assert lines, done.stderr
    return lines[-1]
