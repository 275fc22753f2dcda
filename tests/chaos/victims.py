"""What is killed: PostgreSQL, on data that stay, and melange-api with its workers."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import urllib3

from tests import servers

BIN = Path(sys.executable).parent
START_SECONDS = 60.0
WORKERS = 2
ORPHANS_SECONDS = 5


class StillDown(Exception):
    """What was killed did not come back in time."""


class Postgresql:
    """A durable PostgreSQL. To be started and killed by one thread, which outlives it."""

    def __init__(self, cluster: servers.PostgresqlCluster) -> None:
        self._cluster = cluster
        self._running = contextlib.ExitStack()
        self._orphans: list[int] = []
        self.url = cluster.url

    def start(self) -> None:
        """Also with processes of a killed one about: it refuses to run beside them, and one that
        waits for a lock of another that is gone never ends by itself.
        """
        patience = time.monotonic() + ORPHANS_SECONDS

        def start() -> bool:
            if time.monotonic() > patience:
                _kill([one for one in self._orphans if "postgres" in title_of(one)])
            try:
                self._running.enter_context(self._cluster.running())
            except servers.ServerFailed as failed:
                if "is still in use" in str(failed) or "already exists" in str(failed):
                    return False
                raise
            return True

        _wait(start, "PostgreSQL")

    def stop(self) -> None:
        self._running.close()

    def kill(self, *, whole: bool) -> None:
        """``whole``: all its processes at once; else the first, and the others find out."""
        first = self._cluster.process_id
        self._orphans = children_of(first)
        _kill([first, *(self._orphans if whole else ())])
        self._running.close()

    def backends(self) -> list[int]:
        """The processes that serve a client each."""
        return [p for p in children_of(self._cluster.process_id) if "127.0.0.1" in title_of(p)]

    def kill_backend(self, rng: random.Random) -> bool:
        """PostgreSQL then ends all others too, and recovers. Whether there was one."""
        serving = self.backends()
        _kill([rng.choice(serving)] if serving else [])
        return bool(serving)


class Server:
    """melange-api. To be started and killed by one thread, which outlives it."""

    def __init__(self, configuration: Path, port: int, log: Path) -> None:
        self.url = f"http://{servers.HOST}:{port}"
        self._command = [str(BIN / "melange-api"), "--config-file", str(configuration)]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        # Its own would be left behind by each that is killed.
        metrics = self._log.with_name("metrics")
        metrics.mkdir(exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", *self._command],
                env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(metrics)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _wait(self._answers, "melange-api")

    def stop(self) -> None:
        """In order: what is under way is answered."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(START_SECONDS)
            self._sweep()

    def kill(self, *, whole: bool) -> None:
        """``whole``: with its workers; else they find out."""
        assert self._process is not None
        workers = self.workers()
        _kill([self._process.pid, *(workers if whole else ())])
        self._process.wait()
        _wait(lambda: not any(map(_lives, workers)), "the end of the killed melange-api's workers")

    def workers(self) -> list[int]:
        assert self._process is not None
        return [p for p in children_of(self._process.pid) if "worker" in title_of(p)]

    def kill_worker(self, rng: random.Random) -> bool:
        """Whether there was one."""
        alive = self.workers()
        _kill([rng.choice(alive)] if alive else [])
        return bool(alive)

    def abandon(self) -> None:
        """Whatever is left of it is gone afterwards."""
        if self._process is not None:
            self._process.kill()
            self._sweep()

    def _sweep(self) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            end = self._log.read_text(errors="replace")[-2000:]
            raise StillDown(f"melange-api ended with {self._process.returncode}: {end}")
        try:
            with urllib3.PoolManager(retries=False, timeout=5) as http:
                return http.request("GET", f"{self.url}/healthcheck").status == 200
        except urllib3.exceptions.HTTPError:
            return False


@contextlib.contextmanager
def postgresql() -> Iterator[Postgresql]:
    with servers.postgresql_cluster(durable=True) as cluster:
        found = Postgresql(cluster)
        try:
            found.start()
            yield found
        finally:
            found.stop()


def children_of(parent: int) -> list[int]:
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            after_name = (directory / "stat").read_text().rpartition(")")[2].split()
            if int(after_name[1]) == parent and after_name[0] != "Z":
                found.append(int(directory.name))
    return found


def title_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text(errors="replace").replace("\0", " ")
    except OSError:
        return ""


def _kill(processes: list[int]) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def _lives(process: int) -> bool:
    return title_of(process) != ""


def _wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise StillDown(f"{what}: not within {START_SECONDS} s")
        time.sleep(0.05)
