"""A server in front of another that passes HTTP on, and loses what it is told to lose."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

CHANGE = "POST, PUT or DELETE"
"""The method to plan for whatever changes something."""

_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "server", "date"}


@dataclass(frozen=True)
class Fault:
    """What happens to one request. ``effect``: it is passed on. ``status``: the answer instead of
    the real one; None: the connection is closed without any. ``first``, ``then``: run before it is
    passed on, and after. ``stall``: nothing at all is answered for so long. ``answered``: the real
    answer comes after all. ``unread``: nobody waits until the server has done its work."""

    effect: bool = False
    answered: bool = False
    unread: bool = False
    status: int | None = None
    first: Callable[[], None] = lambda: None
    then: Callable[[], None] = lambda: None
    stall: float = 0.0


class Faulty:
    """``url`` is where it listens. ``seen``: method and path of all that came. ``broken``: nothing
    is passed on or answered. ``weather``: what a request of this method meets that nothing is
    planned for."""

    def __init__(self, target: str, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.seen: list[str] = []
        self.broken = False
        self.target = urlsplit(target).netloc
        self.ended = threading.Event()
        self.weather: Callable[[str], Fault | None] = lambda method: None
        self._planned: list[tuple[str, Fault]] = []
        self._lock = threading.Lock()

    def plan(self, method: str, *faults: Fault) -> None:
        """The next requests of this method meet these, one each."""
        with self._lock:
            self._planned += [(method, fault) for fault in faults]

    def forget(self) -> None:
        """Nothing is planned any more, and the weather is fine."""
        with self._lock:
            self._planned.clear()
            self.weather = lambda method: None

    def met_all(self) -> bool:
        return not self._planned

    def take(self, method: str, path: str) -> Fault | None:
        with self._lock:
            self.seen.append(f"{method} {path}")
            for index, (planned, fault) in enumerate(self._planned):
                if planned == method or (planned == CHANGE and method in CHANGE):
                    del self._planned[index]
                    return fault
            return self.weather(method)


@contextlib.contextmanager
def faulty(target: str) -> Iterator[Faulty]:
    """Before the server at the URL ``target``, whose paths stay the same."""

    class Handler(_Handler):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Handler.front = front = Faulty(target, server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield front
    finally:
        front.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    front: Faulty
    protocol_version = "HTTP/1.1"

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.front.broken:
            self.close_connection = True
            return
        fault = self.front.take(self.command, self.path)
        if fault is not None:
            fault.first()
        if fault is None or fault.answered:
            try:
                self._answer(*self._pass_on(body))
            except (OSError, http.client.HTTPException):
                self.close_connection = True
            return
        with self._passing_on(body) if fault.effect else contextlib.nullcontext() as connection:
            if connection is not None and not fault.unread:
                connection.getresponse().read()
            fault.then()
        self.front.ended.wait(fault.stall)
        if fault.status is not None:
            self._answer(fault.status, [("Content-Type", "text/plain")], b"out of order")
        else:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815

    def _pass_on(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        with self._passing_on(body) as connection:
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()

    @contextlib.contextmanager
    def _passing_on(self, body: bytes) -> Iterator[http.client.HTTPConnection]:
        connection = http.client.HTTPConnection(self.front.target, timeout=30)
        with contextlib.closing(connection):
            connection.request(self.command, self.path, body or None, dict(self.headers))
            yield connection

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass
