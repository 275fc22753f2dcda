"""OpenStack services as PyPI has them, each in a virtual environment of its own in ``.cache``."""

from __future__ import annotations

import contextlib
import fcntl
import subprocess
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALL_SECONDS = 280

# The first run of tests with such a service installs it, about a minute on an idle machine.
INSTALL_AND_TEST_SECONDS = INSTALL_SECONDS + 120


@contextlib.contextmanager
def alone(name: str) -> Iterator[None]:
    """No other process that runs tests prepares ``.cache/<name>`` meanwhile."""
    (ROOT / ".cache").mkdir(exist_ok=True)
    with (ROOT / ".cache" / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def python_with(name: str, *arguments: str) -> Path:
    """The Python of ``.cache/<name>``, where ``pip install <arguments>`` has succeeded.

    Skips the test when that cannot be done here.
    """
    with alone(name):
        return _python_with(name, *arguments)


def _python_with(name: str, *arguments: str) -> Path:
    cache = ROOT / ".cache" / name
    python, installed = cache / "bin/python", cache / "installed"
    wanted = " ".join(arguments)
    if not installed.exists():
        venv.create(cache, clear=True, with_pip=True)
    if not installed.exists() or installed.read_text() != wanted:
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        try:
            done = subprocess.run(
                [*pip, *arguments], capture_output=True, text=True, timeout=INSTALL_SECONDS
            )
        except subprocess.TimeoutExpired:
            pytest.skip(f"installing {name} took more than {INSTALL_SECONDS} s")
        if done.returncode != 0:
            pytest.skip(f"{name} cannot be installed here: {done.stderr.strip()[-300:]}")
        installed.write_text(wanted)
    return python
