"""What serves each network by a server of its own, whichever that is."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from nova_netplugins.host.dhcp.model import DhcpHost, DhcpNetwork, Lease, check_id
from nova_netplugins.host.dhcp.server import DhcpServer


class OneNetwork(Protocol):
    """The server of one network; its verbs are those of ``DhcpServer``."""

    def ensure(self, network: DhcpNetwork, hosts: Iterable[DhcpHost]) -> None: ...

    def ensure_host(self, host: DhcpHost) -> None: ...

    def remove_host(self, nic_id: str) -> None: ...

    def remove(self) -> None: ...

    def pid(self) -> int | None: ...

    def served(self) -> Mapping[str, Sequence[str]]: ...

    def distrust(self) -> None: ...

    def leases(self) -> Sequence[Lease]: ...

    def release_lease(self, address: str, mac: str) -> None: ...


N = TypeVar("N", bound=OneNetwork)


class ByNetwork(DhcpServer, Generic[N]):
    """Each network has a directory below ``root``. A server belongs to no process: one that was
    started before this one is taken over."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._served: dict[str, N] = {}
        self._lock = threading.Lock()

    @abstractmethod
    def _make(self, directory: Path) -> N:
        """What serves the network of this directory."""

    def ensure(self, network: DhcpNetwork, hosts: Iterable[DhcpHost]) -> None:
        self._of(network.id).ensure(network, hosts)

    def ensure_host(self, network_id: str, host: DhcpHost) -> None:
        self._of(network_id).ensure_host(host)

    def remove_host(self, network_id: str, nic_id: str) -> None:
        self._of(network_id).remove_host(nic_id)

    def remove(self, network_id: str) -> None:
        self._of(network_id).remove()
        with self._lock:
            self._served.pop(network_id, None)

    def running(self) -> Mapping[str, int]:
        pids = {network_id: self._of(network_id).pid() for network_id in self.networks()}
        return {network_id: pid for network_id, pid in pids.items() if pid is not None}

    def networks(self) -> Sequence[str]:
        if not self._root.is_dir():
            return []
        return sorted(entry.name for entry in self._root.iterdir() if entry.is_dir())

    def served(self, network_id: str) -> Mapping[str, Sequence[str]]:
        return self._of(network_id).served()

    def distrust(self, network_id: str) -> None:
        self._of(network_id).distrust()

    def leases(self, network_id: str) -> Sequence[Lease]:
        return self._of(network_id).leases()

    def release_lease(self, network_id: str, address: str, mac: str) -> None:
        self._of(network_id).release_lease(address, mac)

    def _of(self, network_id: str) -> N:
        check_id("network", network_id)
        with self._lock:
            if network_id not in self._served:
                self._served[network_id] = self._make(self._root / network_id)
            return self._served[network_id]
