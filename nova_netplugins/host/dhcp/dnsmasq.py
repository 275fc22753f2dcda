"""One dnsmasq for each network, in the network's namespace."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from nova_netplugins.host.dhcp.model import DhcpHost, DhcpNetwork, Lease, check_id
from nova_netplugins.host.dhcp.network import ServedNetwork
from nova_netplugins.host.dhcp.server import DhcpServer
from nova_netplugins.host.dhcp.settings import Settings


class Dnsmasq(DhcpServer):
    """Keeps its files in ``<state_dir>/networks/<network id>/``, see ``dhcp.files``.

    A dnsmasq belongs to no process: one that was started before this one is taken over. It is
    started anew only if its own settings changed; hosts and options it takes up as it runs.
    """

    def __init__(self, state_dir: Path, settings: Settings | None = None) -> None:
        self._root = state_dir.absolute() / "networks"
        self._settings = settings or Settings()
        self._served: dict[str, ServedNetwork] = {}
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
        pids = {network_id: self._of(network_id).process.pid() for network_id in self.networks()}
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
        return {network_id: self._of(network_id).files.leases for network_id in self.networks()}

    def release_lease(self, network_id: str, address: str, mac: str) -> None:
        self._of(network_id).release_lease(address, mac)

    def close(self) -> None:
        with self._lock:
            for served in self._served.values():
                served.close()

    def _of(self, network_id: str) -> ServedNetwork:
        check_id("network", network_id)
        with self._lock:
            if network_id not in self._served:
                self._served[network_id] = ServedNetwork(self._root / network_id, self._settings)
            return self._served[network_id]
