"""One HTTP server behind many listening sockets, each in the namespace of another network.

Built of waitress: one thread waits for all sockets (with poll, so that their number is free), and
hands over a request when all of it has arrived; a pool of threads answers. So a guest that sends
or reads slowly costs a descriptor for a while, never a thread.
"""

from __future__ import annotations

import logging
import math
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher, WSGITask

from netkit.wsgi.environment import WsgiApp

LOG = logging.getLogger(__name__)
NETWORK_ID = "nova_netplugins.network_id"
_POLL = 1.0
_LOOP_SECONDS = 30.0


@dataclass(frozen=True)
class Limits:
    """How much guests may ask of the server.

    ``threads``: requests answered at a time, of all guests; ``network_requests``: of one network,
    so that a few whose answers take long leave threads to the others; ``patience``: seconds in
    which a guest must have read an answer and sent its next request, whole; ``connections``: open
    ones, of all, of one network and of one address in it, beyond which new ones are closed; sizes
    are in bytes.
    """

    threads: int = 32
    network_requests: int = 4
    patience: float = 30.0
    connections: int = 2048
    network_connections: int = 256
    guest_connections: int = 8
    max_header: int = 16 * 1024
    max_body: int = 64 * 1024


class _Turns(ThreadedTaskDispatcher):  # type: ignore[misc]
    """The pool of threads. Requests of a network beyond its share wait for each other, in order of
    arrival, and not in the queue of all."""

    def __init__(self, share: int) -> None:
        super().__init__()
        self._share = share
        self._running: Counter[str] = Counter()
        self._waiting: dict[str, deque[_Channel]] = {}
        self._turns = threading.Lock()

    def add_task(self, task: _Channel) -> None:
        network_id = task.network_id
        with self._turns:
            if self._running[network_id] >= self._share:
                self._waiting.setdefault(network_id, deque()).append(task)
                return
            self._running[network_id] += 1
        super().add_task(task)

    def finished(self, network_id: str) -> None:
        """One of the network's requests is answered: the next may have its thread."""
        with self._turns:
            waiting = self._waiting.get(network_id)
            if waiting:
                super().add_task(waiting.popleft())
                return
            self._waiting.pop(network_id, None)
            self._running[network_id] -= 1
            if not self._running[network_id]:
                del self._running[network_id]


class _Task(WSGITask):  # type: ignore[misc]
    """One request; its environment tells the application the network that it came from."""

    channel: _Channel

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ[NETWORK_ID] = self.channel.network_id
        return environ

    def execute(self) -> None:
        if len(self.channel.requests) > 1:
            # Requests sent before this answer was read could fill the buffers, and then a thread
            # waits for the guest. HTTP lets a server answer the first and close (RFC 9112, 9.3.2).
            self.set_close_on_finish()
        super().execute()


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A guest's connection. ``deadline``: when it is closed unless a request is being answered."""

    task_class = _Task

    def __init__(self, gate: _Gate, connection: socket.socket, address: tuple[str, int]) -> None:
        self.network_id = gate.network_id
        self._patience = gate.limits.patience
        self.deadline = time.monotonic() + self._patience
        super().__init__(gate.server, connection, address, gate.server.adj, map=gate.server._map)

    def service(self) -> None:
        # Set before the request leaves the queue: its answer may have taken longer than patience.
        self.deadline = math.inf
        try:
            super().service()
        finally:
            self.deadline = time.monotonic() + self._patience
            self.server.task_dispatcher.finished(self.network_id)


class _Gate(wasyncore.dispatcher):  # type: ignore[misc]
    """A listening socket."""

    def __init__(
        self, server: TcpWSGIServer, listening: socket.socket, network_id: str, limits: Limits
    ) -> None:
        super().__init__(listening, map=server._map)
        self.server = server
        self.network_id = network_id
        self.limits = limits
        self._closed_until = 0.0
        self.accepting = True

    def readable(self) -> bool:
        return time.monotonic() >= self._closed_until

    def writable(self) -> bool:
        return False

    def handle_accept(self) -> None:
        try:
            accepted = self.accept()
            if accepted is None:
                return
            connection, address = accepted
            if self._admits(address[0]):
                self.server.set_socket_options(connection)
                _Channel(self, connection, address)
            else:
                connection.close()
        except OSError as error:
            # Mostly too few descriptors: to try again at once would only spin.
            self._closed_until = time.monotonic() + _POLL
            LOG.warning("cannot accept a connection from network %s: %s", self.network_id, error)

    def channels(self) -> Iterator[_Channel]:
        """The open connections that came in here."""
        for channel in list(self.server.active_channels.values()):
            if channel.network_id == self.network_id:
                yield channel

    def _admits(self, source: str) -> bool:
        if len(self.server.active_channels) >= self.limits.connections:
            return False
        sources = [channel.addr[0] for channel in self.channels()]
        if len(sources) >= self.limits.network_connections:
            return False
        return sources.count(source) < self.limits.guest_connections


class GuestServer:
    """Serves a WSGI application, which finds the network's id under NETWORK_ID, on sockets that
    come and go. Safe to call from any thread."""

    def __init__(self, app: WsgiApp, limits: Limits) -> None:
        self._limits = limits
        self._gates: dict[str, _Gate] = {}
        self._map: dict[int, Any] = {}
        self._dispatcher = _Turns(limits.network_requests)
        self._dispatcher.set_thread_count(limits.threads)
        # Connections need a server to belong to; this one has no address of its own.
        self._server = TcpWSGIServer(
            app,
            map=self._map,
            _start=False,
            _sock=socket.socket(),
            bind_socket=False,
            dispatcher=self._dispatcher,
            adj=_adjustments(limits),
            sockinfo=(socket.AF_INET, socket.SOCK_STREAM, 0, None),
        )
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="metadata", daemon=True)
        self._thread.start()

    def add(self, network_id: str, listening: socket.socket) -> None:
        """Serve the network from this socket, which is the server's from now on."""

        def work() -> None:
            self._gates[network_id] = _Gate(self._server, listening, network_id, self._limits)

        self._in_loop(work)

    def remove(self, network_id: str) -> None:
        """The network's socket and connections are closed, requests being answered or not."""
        self._in_loop(lambda: self._close_gate(network_id))

    def close(self) -> None:
        """All sockets are closed, all threads ended but those that wait for an answer."""

        def work() -> None:
            for network_id in list(self._gates):
                self._close_gate(network_id)
            self._stopping = True

        self._in_loop(work)
        self._thread.join()
        self._dispatcher.shutdown()
        wasyncore.close_all(self._map, ignore_all=True)

    def _run(self) -> None:
        while not self._stopping:
            wasyncore.loop(timeout=_POLL, use_poll=True, map=self._map, count=1)
            now = time.monotonic()
            for channel in list(self._server.active_channels.values()):
                if channel.deadline < now and not channel.requests:
                    channel.handle_close()

    def _in_loop(self, work: Callable[[], None]) -> None:
        # Sockets open and close in the thread that waits for them: a descriptor's number that was
        # closed behind its back could already be another socket's.
        done: Future[None] = Future()

        def run() -> None:
            try:
                work()
            except Exception as error:
                done.set_exception(error)
            else:
                done.set_result(None)

        self._server.trigger.pull_trigger(run)
        done.result(timeout=_LOOP_SECONDS)

    def _close_gate(self, network_id: str) -> None:
        gate = self._gates.pop(network_id, None)
        if gate is not None:
            gate.close()
            for channel in gate.channels():
                channel.handle_close()


def _adjustments(limits: Limits) -> Adjustments:
    return Adjustments(
        ident="nova-netplugins",
        max_request_header_size=limits.max_header,
        max_request_body_size=limits.max_body + 1,
        log_socket_errors=False,
        # Ours is shorter, and holds for those too that send or read a byte now and then.
        channel_timeout=math.ceil(limits.patience) * 10,
    )
