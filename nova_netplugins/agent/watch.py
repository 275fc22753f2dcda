"""Tells when taps appear on this host and when they go: the kernel's own announcements."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from collections.abc import Callable

from pyroute2.netlink.rtnl import RTM_DELLINK, RTM_NEWLINK, RTMGRP_LINK
from pyroute2.netlink.rtnl.marshal import MarshalRtnl

from nova_netplugins.host.namespaces import socket_in

LOG = logging.getLogger(__name__)

PREFIX = "tap"
RECEIVE_BYTES = 1 << 16

# Room for some ten thousand announcements; the kernel caps it at net.core.rmem_max if not root.
BUFFER_BYTES = 8 << 20
POLL_SECONDS = 0.5


class LinkWatch:
    """Calls ``seen(device)`` for each tap that appears or goes, ``lost()`` when some went unheard.

    It runs in a thread of its own and hears of what happens after ``start``; both functions must
    return at once.
    """

    def __init__(
        self, netns: str | None, seen: Callable[[str], None], lost: Callable[[], None]
    ) -> None:
        self._netns = netns
        self._seen = seen
        self._lost = lost
        self._parser = MarshalRtnl()
        self._indexes: dict[str, int] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Raises OSError when the kernel refuses the socket."""
        listening = socket_in(self._netns, socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        listening.bind((0, RTMGRP_LINK))
        listening.settimeout(POLL_SECONDS)
        self._thread = threading.Thread(
            target=self._run, args=(listening,), name="link-watch", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, listening: socket.socket) -> None:
        with listening:
            while not self._stopping.is_set():
                try:
                    self._read(listening.recv(RECEIVE_BYTES))
                except TimeoutError:
                    continue
                except OSError as error:
                    # ENOBUFS: more was announced than there was room for.
                    level = logging.INFO if error.errno == errno.ENOBUFS else logging.WARNING
                    LOG.log(level, "missed announcements of links: %s", error)
                    self._miss()
                except Exception:
                    LOG.exception("cannot read the kernel's announcement of a link")
                    self._miss()

    def _miss(self) -> None:
        self._indexes.clear()
        self._lost()
        self._stopping.wait(POLL_SECONDS)

    def _read(self, data: bytes) -> None:
        for message in self._parser.parse(data):
            # Bridges announce their ports too, as links of family AF_BRIDGE.
            if message.get("family") != socket.AF_UNSPEC:
                continue
            name = message.get_attr("IFLA_IFNAME") or ""
            if not name.startswith(PREFIX):
                continue
            kind, index = message["header"]["type"], message["index"]
            if kind == RTM_NEWLINK and self._indexes.get(name) != index:
                self._indexes[name] = index
                self._seen(name)
            elif kind == RTM_DELLINK:
                self._indexes.pop(name, None)
                self._seen(name)
