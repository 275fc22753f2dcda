"""Melange behind a real HTTP server, that notes which of its routes were taken."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from melange.client import Client, connect
from netkit.wsgi import environment
from netkit.wsgi.environment import Environ, StartResponse, WsgiApp
from netkit.wsgi.server import Server
from tests.melange.client.scripted import QUICK, header
from tests.melange.service import Service, service


@dataclass
class Noting:
    """``taken``: ``GET /v0.1/ipam/...``, with the names of the variables."""

    app: WsgiApp
    taken: set[str] = field(default_factory=set)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        answer = self.app(environ, start_response)
        self.taken.add(f"{environ['REQUEST_METHOD']} {environment.route(environ)}")
        return answer


@dataclass(frozen=True)
class Served:
    melange: Client
    url: str
    service: Service
    noting: Noting


@contextlib.contextmanager
def served(directory: Path, settings: str = "") -> Iterator[Served]:
    made = service(directory, settings)
    noting = Noting(made.app)
    server = Server(noting)
    server.start()
    try:
        yield Served(connect(server.url, patience=QUICK), server.url, made, noting)
    finally:
        server.stop()


@contextlib.contextmanager
def losing_the_first_answer(url: str) -> Iterator[str]:
    """The URL of a way to the server on which the first answer gets lost."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def carry() -> None:
            for lost in (True, False):
                with contextlib.suppress(OSError):
                    near, _ = listening.accept()
                    with near, socket.create_connection((host, int(port))) as far:
                        far.sendall(_message(near))
                        answer = _message(far)
                        if not lost:
                            near.sendall(answer)

        threading.Thread(target=carry, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def _message(connection: socket.socket) -> bytes:
    """A whole request or answer."""
    connection.settimeout(10)
    found = b""
    while b"\r\n\r\n" not in found:
        found += connection.recv(65536) or _too_early()
    head, _, body = found.partition(b"\r\n\r\n")
    length = int(header(head, "Content-Length") or 0)
    while len(body) < length:
        body += connection.recv(65536) or _too_early()
    return head + b"\r\n\r\n" + body


def _too_early() -> bytes:
    raise OSError("the message ended early")
