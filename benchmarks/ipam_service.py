"""A Melange server of its own for a benchmark, and its database on a disk that keeps its word."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from melange.db import MELANGE
from netkit import migrations
from netkit.db import Database
from tests import servers
from tests.conftest import new_database

TENANT = "bench"
START_SECONDS = 60


class Service:
    """``url``: of the tenant's resources."""

    def __init__(self, root: str, database_url: str, process: psutil.Process) -> None:
        self.root = root
        self.url = f"{root}/ipam/tenants/{TENANT}"
        self.database_url = database_url
        self._process = process
        self._used = 0.0
        self._connection = http.client.HTTPConnection(urllib.parse.urlsplit(root).netloc)

    def call(self, method: str, path: str, body: Any = None, expected: int = 200) -> Any:
        """The JSON that the server answers to one call over a connection that is kept."""
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"}
        whole = urllib.parse.urlsplit(path if path.startswith("http") else self.url + path)
        target = f"{whole.path}?{whole.query}" if whole.query else whole.path
        if time.monotonic() - self._used > 5:  # the server may have closed it
            self._connection.close()
        self._used = time.monotonic()
        self._connection.request(method, target, data, headers)
        reply = self._connection.getresponse()
        text = reply.read()
        if reply.status != expected:
            raise RuntimeError(f"{method} {target}: {reply.status} {text[:500]!r}")
        return json.loads(text) if text else None

    def block(self, cidr: str) -> str:
        """The path of a new block, ready for addresses of the nameless interface."""
        fields = {"type": "private", "cidr": cidr}
        made = self.call("POST", "/ip_blocks", {"ip_block": fields}, 201)["ip_block"]
        return f"/ip_blocks/{made['id']}"

    def memory(self) -> int:
        """Bytes of the largest worker that are in memory, those it shares with others included."""
        return max(child.memory_info().rss for child in self._process.children())


@contextlib.contextmanager
def running(backend: str, *, workers: int = 2, threads: int = 4) -> Iterator[Service]:
    """``melange-api`` over a new database of that kind, fsync on."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{folder}/bench.sqlite"
        if backend != "sqlite":
            server = stack.enter_context(getattr(servers, backend)(durable=True))
            url = stack.enter_context(new_database(server))
        with contextlib.closing(Database.from_url(url)) as database:
            migrations.upgrade(database, MELANGE)
        port = servers.free_port()
        config = folder / "melange.conf"
        config.write_text(
            f"[api]\nbind_port = {port}\nworkers = {workers}\nthreads = {threads}\n"
            "access_log = off\n"
            "[ipam]\nipv6_generator = sequential\n"
            f"[database]\nconnection = {url}\n"
        )
        command = [str(Path(sys.executable).with_name("melange-api")), f"--config-file={config}"]
        log = stack.enter_context((folder / "log").open("w"))
        process = subprocess.Popen(command, stdout=log, stderr=log)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        root = f"http://127.0.0.1:{port}/v0.1"
        _wait(port, process, folder / "log")
        yield Service(root, url, psutil.Process(process.pid))


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    limit = time.monotonic() + START_SECONDS
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            connection.request("GET", "/healthcheck")
            if connection.getresponse().status == 200:
                return
        except OSError:
            if process.poll() is not None or time.monotonic() > limit:
                raise RuntimeError(f"melange-api does not answer: {log.read_text()}") from None
            time.sleep(0.1)
        finally:
            connection.close()
