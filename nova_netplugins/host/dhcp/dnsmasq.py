"""One dnsmasq for each network, in the network's namespace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nova_netplugins.host.dhcp.by_network import ByNetwork
from nova_netplugins.host.dhcp.network import ServedNetwork
from nova_netplugins.host.dhcp.settings import Settings


class Dnsmasq(ByNetwork[ServedNetwork]):
    """Keeps its files in ``<state_dir>/networks/<network id>/``, see ``dhcp.files``.

    A dnsmasq is started anew only if its own settings changed; hosts and options it takes up as it
    runs.
    """

    def __init__(self, state_dir: Path, settings: Settings | None = None) -> None:
        super().__init__(state_dir.absolute() / "networks")
        self._settings = settings or Settings()

    def _make(self, directory: Path) -> ServedNetwork:
        return ServedNetwork(directory, self._settings)

    def lease_files(self) -> Mapping[str, Path]:
        return {network_id: self._of(network_id).files.leases for network_id in self.networks()}

    def close(self) -> None:
        with self._lock:
            for served in self._served.values():
                served.close()
