"""A waitress server that can be run in the foreground or beside other work in one process."""

from __future__ import annotations

import contextlib
import http
import logging
import os
import socket
import threading
import time
from typing import Any

import waitress.server
from oslo_context import context as oslo_context
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from netkit.errors import BodyTooLarge, InvalidContentLength
from netkit.wsgi.dialect import Dialect
from netkit.wsgi.environment import WsgiApp
from netkit.wsgi.faults import ErrorTable, Fault
from netkit.wsgi.pathtree import without_format

_POLL = 1.0
_GRACE = 5.0
_CODES = {431: "header_too_large", 501: "not_supported"}
# What this server refuses is told in the format of the path or Accept, as an application does.
_DIALECT = Dialect()

LOG = logging.getLogger(__name__)


class _ShapedErrorTask(ErrorTask):  # type: ignore[misc]
    """What waitress refuses before an application sees it (no HTTP, a huge body) in our error
    shape, and with a request id.
    """

    def execute(self) -> None:
        fault = self._fault()
        request_id = oslo_context.generate_request_id()
        # Of what is no HTTP there may be no path.
        path = getattr(self.request, "path", "")
        chosen = _DIALECT.choose(without_format(path)[1], self.request.headers.get("ACCEPT", ""))
        content_type, body = _DIALECT.write_error(fault, {}, request_id, chosen)
        LOG.info("%s refused: %s (%s)", self.channel.addr, fault.message, request_id)
        self.status = f"{fault.status} {self.request.error.reason}"
        self.response_headers += [
            ("Content-Type", content_type),
            ("X-Openstack-Request-Id", request_id),
        ]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)

    def _fault(self) -> Fault:
        error, length = self.request.error, self.request.headers.get("CONTENT_LENGTH", "")
        if error.code == http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            # waitress refuses from that size on.
            largest = self.channel.adj.max_request_body_size - 1
            return ErrorTable().fault(BodyTooLarge(field="body", limit=largest))
        if length and not length.isdecimal():
            return ErrorTable().fault(InvalidContentLength(field="Content-Length", value=length))
        return Fault(
            error.code, _CODES.get(error.code, "bad_request"), f"{error.reason}: {error.body}"
        )


class _Channel(HTTPChannel):  # type: ignore[misc]
    error_task_class = _ShapedErrorTask


class Server:
    """Serves one WSGI application on a TCP port or a Unix socket.

    The address is taken at once (OSError when it cannot be): ``port`` 0 takes a free one, which
    ``port`` then tells. ``threads``: requests handled at a time. A body larger than ``max_body``
    bytes is refused while it arrives.
    """

    def __init__(
        self,
        app: WsgiApp,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        unix_socket: str | None = None,
        threads: int = 8,
        max_body: int = 1024 * 1024,
    ) -> None:
        self._unix_socket = unix_socket
        self._socket = _listen_unix(unix_socket) if unix_socket else listen_tcp(host, port)
        self.host = host
        self.port = 0 if unix_socket else int(self._socket.getsockname()[1])
        self._map: dict[int, Any] = {}
        self._waitress = waitress.server.create_server(
            app,
            map=self._map,
            sockets=[self._socket],
            threads=threads,
            max_request_body_size=max_body + 1,
            ident=None,
        )
        self._waitress.channel_class = _Channel
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """``http://host:port``, or ``unix:path``."""
        if self._unix_socket:
            return f"unix:{self._unix_socket}"
        return url_of(self.host, self.port)

    def start(self) -> None:
        """Serve in a thread of its own until ``stop``."""
        self._thread = threading.Thread(target=self.run, name="wsgi-server", daemon=True)
        self._thread.start()

    def run(self) -> None:
        """Serve in this thread until another thread, or a signal handler, calls ``stop``."""
        try:
            while not self._stopping.is_set():
                wasyncore.loop(timeout=_POLL, map=self._map, count=1)
        finally:
            self._close()

    def stop(self) -> None:
        """Take no more requests, let those being handled finish (5 s at most), free the address."""
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._waitress.pull_trigger()
        if self._thread is not None:
            self._thread.join()

    def _close(self) -> None:
        self._waitress.del_channel()
        self._socket.close()
        deadline = time.monotonic() + _GRACE
        workers = threading.Thread(
            target=self._waitress.task_dispatcher.shutdown, kwargs={"timeout": _GRACE}
        )
        workers.start()
        # The answers of the last requests leave through this loop.
        while (workers.is_alive() or self._unsent()) and time.monotonic() < deadline:
            wasyncore.loop(timeout=0.05, map=self._map, count=1)
        workers.join()
        wasyncore.close_all(self._map, ignore_all=True)
        if self._unix_socket:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._unix_socket)

    def _unsent(self) -> bool:
        return any(getattr(channel, "total_outbufs_len", 0) for channel in self._map.values())


def url_of(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def listen_tcp(host: str, port: int) -> socket.socket:
    """A socket bound to the address, for whoever listens on it. Raises OSError."""
    family, kind, proto, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family, kind, proto)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return _listen(listening, address)


def _listen_unix(path: str) -> socket.socket:
    with contextlib.suppress(FileNotFoundError), socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            # Left behind by a server that was killed: nobody listens.
            os.unlink(path)
        else:
            raise OSError(f"{path} is in use by another server")
    return _listen(socket.socket(socket.AF_UNIX), path)


def _listen(listening: socket.socket, address: Any) -> socket.socket:
    try:
        listening.bind(address)
    except OSError as error:
        listening.close()
        raise OSError(error.errno, f"cannot listen on {address}: {error.strerror}") from error
    return listening
