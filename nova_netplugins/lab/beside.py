"""Melange beside the demonstration: a process of its own, that ends with it."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_CONFIGURATION = """\
# Made by nova-netplugins-lab demo, and removed with it.
[DEFAULT]
state_path = {directory}
log_file = {directory}/melange.log
[api]
bind_host = 127.0.0.1
bind_port = 0
workers = 1
[database]
connection = sqlite:///{directory}/melange.sqlite
"""
_READY = "Melange listens on "
_PATIENCE = 15.0


def configuration(directory: Path) -> Path:
    """Where the Melange of this directory has its configuration, for its other commands."""
    return directory / "melange.conf"


@contextlib.contextmanager
def melange(directory: Path) -> Iterator[str]:
    """Its URL, while it runs. ``directory``: of its own, need not exist. Raises ``OSError``."""
    directory.mkdir(parents=True, exist_ok=True)
    configuration(directory).write_text(_CONFIGURATION.format(directory=directory))
    program = Path(sys.executable).with_name("melange-api")
    # The demonstration may be killed: no Melange outlives it.
    command = ["setpriv", "--pdeathsig", "TERM", str(program)]
    command += ["--config-file", str(configuration(directory))]
    with (directory / "errors").open("w") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True
        )
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line.startswith(_READY):
                process.wait(_PATIENCE)
                raise OSError(f"Melange did not start: {(directory / 'errors').read_text()}")
            log = directory / "access.log"
            threading.Thread(target=_keep, args=(process.stdout, log), daemon=True).start()
            yield line.removeprefix(_READY).strip().rstrip("/")
        finally:
            _end(process)


def _keep(output: IO[str], log: Path) -> None:
    """It would stand still when nobody takes what it says of each request."""
    with log.open("w") as kept:
        shutil.copyfileobj(output, kept)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
