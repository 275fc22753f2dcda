"""Kea for each network, in the network's namespace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nova_netplugins.host.dhcp.by_network import ByNetwork
from nova_netplugins.host.dhcp.kea.network import KeaNetwork


class Kea(ByNetwork[KeaNetwork]):
    """Keeps its files in ``<state_dir>/kea/<network id>/``, see ``kea.files``.

    The servers are told of changes over their control sockets, as they run.
    """

    def __init__(self, state_dir: Path) -> None:
        super().__init__(state_dir.absolute() / "kea")

    def _make(self, directory: Path) -> KeaNetwork:
        return KeaNetwork(directory)

    def lease_files(self) -> Mapping[str, Path]:
        # Kea's are a journal, of which it puts parts aside as it likes.
        return {}

    def close(self) -> None:
        """There is nothing to end."""
