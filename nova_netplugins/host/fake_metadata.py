"""Listening sockets for the metadata proxy over a FakeHost, whose namespaces are no real ones."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Hashable
from typing import TYPE_CHECKING

from nova_netplugins.host.errors import HostError, NotFound
from nova_netplugins.host.fake_nft import FakeNft
from nova_netplugins.host.ruleset_router import METADATA_ADDRESS

if TYPE_CHECKING:
    from nova_netplugins.host.fake_host import FakeHost


class FakeListeners:
    """Listens on a free port of 127.0.0.1 for each fake namespace that has the metadata address.

    ``ports`` tells the port, by namespace.
    """

    def __init__(self, host: FakeHost) -> None:
        self.ports: dict[str, int] = {}
        self._host = host
        self._serial = itertools.count(1)
        self._known: dict[str, tuple[FakeNft, int]] = {}

    def identity(self, netns: str) -> Hashable:
        if netns not in self._host.list_netns(netns):
            raise NotFound(f"there is no network namespace {netns}")
        # A namespace that is made again has a table set of its own.
        nft = self._host.inside(netns).nft
        if netns not in self._known or self._known[netns][0] is not nft:
            self._known[netns] = (nft, next(self._serial))
        return self._known[netns][1]

    def listen(self, netns: str) -> tuple[socket.socket, Hashable]:
        identity = self.identity(netns)
        inside = self._host.inside(netns)
        addresses = [inside.addresses.get(link.name) for link in inside.kernel.links()]
        if not any(f"{METADATA_ADDRESS}/32" in one for one in addresses):
            raise HostError(f"no link in network namespace {netns} has {METADATA_ADDRESS}/32")
        listening = socket.create_server(("127.0.0.1", 0))
        self.ports[netns] = listening.getsockname()[1]
        return listening, identity
