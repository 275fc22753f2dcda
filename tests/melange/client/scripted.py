"""Servers that do to a client what networks and overloaded servers do."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

from melange.client import Client, Patience, connect

Reply = Callable[[socket.socket], None]

QUICK = Patience(timeout=5.0, retries=3, delay=0.01, longest_delay=0.05)


@contextlib.contextmanager
def scripted(*replies: Reply) -> Iterator[tuple[Client, list[bytes]]]:
    """A client of a server that treats its nth connection as the nth script says; and what it was
    sent.
    """
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for reply in replies:
                with contextlib.suppress(OSError):
                    connection, _ = listening.accept()
                    with connection:
                        received.append(connection.recv(65536))
                        reply(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield connect(f"http://127.0.0.1:{listening.getsockname()[1]}", patience=QUICK), received


def answers(status: str, body: str = "", *headers: str) -> Reply:
    """``answers("201 Created", '{"ip_block": {}}')``"""
    kind = "application/json" if body.startswith("{") else "text/plain"
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    text = "\r\n".join([*lines, "", body])

    def reply(connection: socket.socket) -> None:
        connection.sendall(text.encode())

    return reply


def hangs_up(connection: socket.socket) -> None:
    connection.close()


def stalls(connection: socket.socket) -> None:
    connection.recv(1)  # until the client gives up


def breaks_off(connection: socket.socket) -> None:
    """In the middle of an answer."""
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"ip_')


def header(request: bytes, name: str) -> str | None:
    """The value of a header in what a server was sent."""
    for line in request.decode().splitlines():
        if line.lower().startswith(f"{name.lower()}:"):
            return line.partition(":")[2].strip()
    return None
