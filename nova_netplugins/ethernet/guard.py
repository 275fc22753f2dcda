"""Keeps the NICs of one service on a compute host from using addresses that are not theirs."""

from __future__ import annotations

from collections.abc import Iterable

from nova_netplugins import plugin
from nova_netplugins.host.antispoof import GuardedNic, antispoof_table
from nova_netplugins.host.driver import Host
from nova_netplugins.host.nft import TABLE


class Guard:
    """A table of the bridge family for each service, so that none needs to know another's NICs."""

    def __init__(self, host: Host, service: str) -> None:
        self._nft = host.nft
        self._owner = f"{service} antispoof"
        self._name = f"{TABLE}_{service}"
        self._nics: dict[str, GuardedNic] | None = None

    @property
    def ready(self) -> bool:
        """Whether ``converge`` has been called: before, the table may hold NICs unknown here."""
        return self._nics is not None

    def converge(self, nics: Iterable[plugin.VirtualNic]) -> bool:
        """Guard exactly these; whether anything was changed."""
        self._nics = {nic.device: _guarded(nic) for nic in nics}
        return self._apply()

    def ensure(self, nic: plugin.VirtualNic) -> None:
        """Guard this one too; ``converge`` comes first."""
        assert self._nics is not None
        self._nics[nic.device] = _guarded(nic)
        self._apply()

    def remove(self, device: str) -> None:
        """Guard it no more; ``converge`` comes first."""
        assert self._nics is not None
        if self._nics.pop(device, None) is not None:
            self._apply()

    def _apply(self) -> bool:
        assert self._nics is not None
        return self._nft.converge(antispoof_table(self._nics.values(), self._owner, self._name))


def _guarded(nic: plugin.VirtualNic) -> GuardedNic:
    return GuardedNic(nic.device, nic.mac_address, [fixed.address for fixed in nic.fixed_ips])
