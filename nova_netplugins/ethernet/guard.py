"""Keeps the NICs of one service on a compute host from using addresses that are not theirs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

from nova_netplugins import plugin
from nova_netplugins.host.antispoof import AllowedPair, GuardedNic, antispoof_table, link_local
from nova_netplugins.host.antispoof_flows import antispoof_flows
from nova_netplugins.host.driver import Host
from nova_netplugins.host.nft import TABLE


class Guard(ABC):
    """Each service has rules of its own, so that none needs to know another's NICs."""

    needs_port = False
    """Whether a tap can be guarded only when it is a port already."""

    def __init__(self, host: Host, service: str) -> None:
        self._host = host
        self._owner = f"{service} antispoof"
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
        return self._converge(list(self._nics.values()))

    @abstractmethod
    def _converge(self, nics: Sequence[GuardedNic]) -> bool:
        """The rules are those for these NICs; whether anything was changed."""


class BridgeGuard(Guard):
    """For ports of Linux bridges: a table of the bridge family."""

    def __init__(self, host: Host, service: str) -> None:
        super().__init__(host, service)
        self._name = f"{TABLE}_{service}"

    def _converge(self, nics: Sequence[GuardedNic]) -> bool:
        return self._host.nft.converge(antispoof_table(nics, self._owner, self._name))


class SwitchGuard(Guard):
    """For ports of Open vSwitch: OpenFlow rules on the bridges that have them.

    They go when ovs-vswitchd is restarted, and come back with the next comparison. ``only``: the
    bridge where NICs are guarded; None: whichever has ports of ours.
    """

    needs_port = True

    def __init__(self, host: Host, service: str, only: str | None = None) -> None:
        super().__init__(host, service)
        self._only = only
        self._bridges: set[str] = set()

    def _converge(self, nics: Sequence[GuardedNic]) -> bool:
        switch = self._host.switch
        if not switch.available():
            return False
        ports, numbers = switch.owned().keys(), switch.numbers()
        if self._only is not None:
            numbers = {name: found for name, found in numbers.items() if name == self._only}
        # Bridges with nothing of ours may speak another OpenFlow; those that had something must
        # forget it, for port numbers are used again.
        self._bridges |= {name for name in numbers if not ports.isdisjoint(numbers[name])}
        self._bridges &= numbers.keys()
        changed = [
            switch.converge_flows(name, self._owner, antispoof_flows(nics, numbers[name]))
            for name in self._bridges
        ]
        return any(changed)


def make_guard(options: Any, host: Host, service: str, only: str | None = None) -> Guard | None:
    """``options``: the service's ``prevent_spoofing`` and ``interface_driver``. ``only``: as for
    SwitchGuard. None: no guard is wanted."""
    if not options.prevent_spoofing:
        return None
    if options.interface_driver == "openvswitch":
        return SwitchGuard(host, service, only)
    return BridgeGuard(host, service)


def _guarded(nic: plugin.VirtualNic) -> GuardedNic:
    addresses = [fixed.address for fixed in nic.fixed_ips]
    pairs = [
        AllowedPair(cidr, mac) for cidr, mac in nic.attributes.get("allowed_address_pairs", ())
    ]
    if not addresses:
        match nic.attributes.get("port_security"):
            case False:
                # Its network is layer 2: it may use whatever address it likes.
                pairs = []
            case True if not pairs:
                # An address may come: until then it has none, which is not the same as any.
                pairs = [AllowedPair(link_local(nic.mac_address))]
    return GuardedNic(nic.device, nic.mac_address, addresses, pairs)
