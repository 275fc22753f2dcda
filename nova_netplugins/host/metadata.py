"""The proxy by which instances reach Nova's metadata service, at 169.254.169.254 port 80.

Projects may use the same CIDR, so an address does not tell who asks; the network that the request
came from does. Each network's router is a namespace, and a socket stays in the namespace where it
was made: one process listens in all of them, without a helper process in each.
"""

from __future__ import annotations

import errno
import os
import resource
import socket
import threading
from collections.abc import Hashable
from typing import Protocol

from nova_netplugins.host import namespaces
from nova_netplugins.host.errors import HostError, NotFound
from nova_netplugins.host.metadata_forward import (
    FindInstance,
    Instance,
    MetadataApplication,
    NovaMetadata,
)
from nova_netplugins.host.metadata_server import GuestServer, Limits
from nova_netplugins.host.ruleset_router import METADATA_ADDRESS

__all__ = ["FindInstance", "Instance", "Limits", "Listeners", "MetadataProxy"]

METADATA_PORT = 80
_BACKLOG = 128
_DESCRIPTORS = 65536


class Listeners(Protocol):
    """Where listening sockets come from."""

    def identity(self, netns: str) -> Hashable:
        """Tells a namespace from a later one of the same name. Raises NotFound."""

    def listen(self, netns: str) -> tuple[socket.socket, Hashable]:
        """A socket that listens for metadata requests, and the identity of the namespace that it
        is in. Raises NotFound, or HostError if the address is not there or taken."""


class NamespaceListeners:
    """Listens inside real namespaces."""

    def identity(self, netns: str) -> Hashable:
        with namespaces.opened(netns) as descriptor:
            return _identity(os.fstat(descriptor))

    def listen(self, netns: str) -> tuple[socket.socket, Hashable]:
        where = f"{METADATA_ADDRESS} port {METADATA_PORT} in network namespace {netns}"
        with namespaces.entered(netns):
            identity = _identity(os.stat("/proc/thread-self/ns/net"))
            try:
                listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            except OSError as error:
                raise HostError(f"cannot listen on {where}: {error.strerror}") from None
        try:
            # Connections of a process that was killed may still be waiting for their end.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((METADATA_ADDRESS, METADATA_PORT))
            listening.listen(_BACKLOG)
        except OSError as error:
            listening.close()
            raise HostError(f"cannot listen on {where}: {_reason(error)}") from None
        return listening, identity


class MetadataProxy:
    """Answers instances' metadata requests in the namespaces of their networks.

    ``shared_secret`` is Nova's ``[neutron] metadata_proxy_shared_secret``. Threads and Nova's
    address are shared by all networks. Raises this process's limit of open files as far as it may:
    each network takes one. Safe to call from any thread.
    """

    def __init__(
        self,
        metadata_host: str,
        metadata_port: int,
        shared_secret: str,
        find_instance: FindInstance,
        *,
        listeners: Listeners | None = None,
        limits: Limits | None = None,
        nova_patience: float = 30.0,
    ) -> None:
        """``nova_patience``: seconds until an answer of Nova must be there."""
        limits = limits or Limits()
        self._listeners = listeners or NamespaceListeners()
        self._served: dict[str, Hashable] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._nova = NovaMetadata(
            metadata_host,
            metadata_port,
            shared_secret,
            connections=limits.threads,
            patience=nova_patience,
        )
        _allow_descriptors()
        self._server = GuestServer(MetadataApplication(find_instance, self._nova), limits)

    def ensure(self, network_id: str, netns: str) -> None:
        """Requests from the network are answered, in the namespace that has this name now.

        A socket in an earlier namespace of the name is closed. Raises NotFound if there is no such
        namespace, HostError if it does not have the metadata address (yet): ask again later.
        """
        with self._lock:
            if self._closed:
                raise HostError(f"the metadata proxy is closed, network {network_id} came too late")
            try:
                current = self._listeners.identity(netns)
            except NotFound:
                self._remove(network_id)
                raise
            if network_id in self._served and self._served[network_id] == current:
                return
            self._remove(network_id)
            listening, identity = self._listeners.listen(netns)
            self._server.add(network_id, listening)
            self._served[network_id] = identity

    def remove(self, network_id: str) -> None:
        """Nothing listens for the network, and its connections are closed.

        A socket keeps its namespace alive: call this before the namespace is deleted.
        """
        with self._lock:
            self._remove(network_id)

    def served(self) -> set[str]:
        """The ids of the networks that are listened for."""
        with self._lock:
            return set(self._served)

    def close(self) -> None:
        """The end: no socket, thread or connection is left. Requests being answered are dropped;
        a thread that waits for Nova ends when Nova answers."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._served.clear()
                self._server.close()
                self._nova.close()

    def _remove(self, network_id: str) -> None:
        if self._served.pop(network_id, None) is not None:
            self._server.remove(network_id)


def _identity(status: os.stat_result) -> Hashable:
    # The socket keeps its namespace, so this number is nobody else's for as long as it is compared.
    return status.st_dev, status.st_ino


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return f"no link there has the address {METADATA_ADDRESS}/32; the router must have it first"
    if error.errno == errno.EADDRINUSE:
        return "another process listens there; is a second net-service running?"
    return error.strerror or str(error)


def _allow_descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
