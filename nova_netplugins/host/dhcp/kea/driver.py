"""Kea for each network, in the network's namespace."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from nova_netplugins.host.dhcp.kea.network import KeaNetwork
from nova_netplugins.host.dhcp.model import DhcpHost, DhcpNetwork, Lease, check_id
from nova_netplugins.host.dhcp.server import DhcpServer


class Kea(DhcpServer):
    """Keeps its files in ``<state_dir>/kea/<network id>/``, see ``kea.files``.

    The servers belong to no process: those that were started before this one are taken over. They
    are told of changes over their control sockets, as they run.
    """

    def __init__(self, state_dir: Path) -> None:
        self._root = state_dir.absolute() / "kea"
        self._served: dict[str, KeaNetwork] = {}
        self._lock = threading.Lock()

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

    def lease_files(self) -> Mapping[str, Path]:
        # Kea's are a journal, of which it puts parts aside as it likes.
        return {}

    def release_lease(self, network_id: str, address: str, mac: str) -> None:
        self._of(network_id).release_lease(address, mac)

    def close(self) -> None:
        """There is nothing to end."""

    def _of(self, network_id: str) -> KeaNetwork:
        check_id("network", network_id)
        with self._lock:
            if network_id not in self._served:
                self._served[network_id] = KeaNetwork(self._root / network_id)
            return self._served[network_id]
