"""What net-agents have in common: they join the taps of a compute host to their networks' segments,
and guard them."""

from __future__ import annotations

import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager

from nova_netplugins import plugin
from nova_netplugins.ethernet.guard import Guard
from nova_netplugins.host.driver import Attachment, BridgePort
from nova_netplugins.host.errors import HostError, NotFound
from nova_netplugins.host.kernel import Link

LOG = logging.getLogger(__name__)


class TapAgent(ABC):
    """``plugin.NetAgent``. A tap is made by whoever runs the instance; all else here is ours.

    ``guard`` None: somebody else keeps instances from using others' addresses, or nobody."""

    def __init__(self, service: str, context: plugin.AgentContext, guard: Guard | None) -> None:
        self._service = service
        self._context = context
        self._host = context.host
        self._guard = guard

    @abstractmethod
    def _wiring(self) -> AbstractContextManager[None]:
        """Held from making a network's segment until a tap is attached to it, and while empty ones
        are removed."""

    @abstractmethod
    def _ensure_segment(self, network: plugin.Network, mtu: int | None) -> None:
        """The network's segment is there; ``mtu`` is that of ``_mtu``. Raises HostError."""

    @abstractmethod
    def _attachment(self, nic: plugin.VirtualNic, network: plugin.Network) -> Attachment:
        """Where the NIC's tap belongs, without making it."""

    @abstractmethod
    def _remove_unused(self) -> list[str]:
        """Our segments that nothing is attached to are gone; which."""

    @abstractmethod
    def _is_served(self, network: plugin.Network) -> bool:
        """Whether a net-service has to know the network's NICs."""

    def _mtu(self, network: plugin.Network) -> int | None:
        """Of the network's links here; None: what they have by themselves. Raises HostError."""
        return network.mtu

    def _is_guarded(self, network: plugin.Network) -> bool:
        """Whether ``guard`` is for the network's NICs."""
        return True

    def setup_network(self, network: plugin.Network) -> None:
        mtu = self._mtu(network)
        with self._wiring():
            self._ensure_segment(network, mtu)

    def plug(self, nic: plugin.VirtualNic, network: plugin.Network) -> None:
        guard = None
        if self._guard is not None and self._is_guarded(network):
            guard = self._ready(self._guard)
        if guard is not None and not guard.needs_port:
            # Before it is joined: no frame of the instance passes unguarded.
            guard.ensure(nic)
        mtu, attachment = self._mtu(network), self._attachment(nic, network)
        with self._wiring():
            self._ensure_segment(network, mtu)
            if mtu is not None:
                self._host.links.set_mtu(nic.device, mtu)
            if self._host.needs_checksums(attachment):
                self._host.disable_checksum_offload(nic.device)
            self._host.attach(nic.device, attachment, self._owner(nic))
        if guard is not None and guard.needs_port:
            guard.ensure(nic)
        self._host.links.set_up(nic.device)
        if self._is_served(network):
            self._context.served.ensure(network, nic.id)

    def unplug(self, nic: plugin.VirtualNic) -> None:
        # The tap may go while we are at it.
        with contextlib.suppress(NotFound):
            self._host.links.release_port(nic.device)
        if self._host.switch.available():
            self._host.switch.remove_port(nic.device)
        if self._guard is not None:
            self._ready(self._guard).remove(nic.device)

    def check(self) -> Sequence[str]:
        wirings = self._context.wirings()
        links = self._host.links.links()
        changes = self._rejoin(wirings, {link.name: link for link in links})
        changes += self._forget_stale(wirings, links)
        with self._wiring():
            changes += [f"removed bridge {name}" for name in self._remove_unused()]
        return changes

    def _owner(self, nic: plugin.VirtualNic) -> str:
        return f"{self._service} nic {nic.id}"

    def _rejoin(self, wirings: Sequence[plugin.Wiring], links: Mapping[str, Link]) -> list[str]:
        """Taps that are there but have left their segment. (The daemon plugs those that are
        new.)"""
        ports = self._host.switch.owned("tap") if self._host.switch.available() else {}
        changes = []
        for wiring in wirings:
            nic, link = wiring.nic, links.get(wiring.nic.device)
            if link is None or nic.status != plugin.ACTIVE:
                continue
            try:
                attachment = self._attachment(nic, wiring.network)
                if isinstance(attachment, BridgePort):
                    joined = link.master == attachment.bridge
                else:
                    joined = link.name in ports
                if not (joined and link.up):
                    self.plug(nic, wiring.network)
                    changes.append(f"plugged {nic.device} again")
            except HostError as error:
                LOG.error("virtual NIC %s cannot be plugged again: %s", nic.id, error)
        return changes

    def _forget_stale(self, wirings: Sequence[plugin.Wiring], links: Iterable[Link]) -> list[str]:
        """Taps in bridges, guards and switch ports of our NICs that are gone. Of another service's
        NICs, which may be on the same bridge, we know nothing."""
        devices = {wiring.nic.device for wiring in wirings}
        changes = []
        for link in links:
            ours = (link.owner or "").startswith(f"{self._service} nic ")
            if ours and link.master is not None and link.name not in devices:
                with contextlib.suppress(NotFound):
                    self._host.links.release_port(link.name)
                changes.append(f"unplugged {link.name}")
        if self._host.switch.available():
            for port, owner in self._host.switch.owned("tap").items():
                if owner.startswith(f"{self._service} nic ") and port not in devices:
                    self._host.switch.remove_port(port)
                    changes.append(f"unplugged {port}")
        if self._guard is not None:
            changes += self._converge(self._guard, wirings)
        return changes

    def _ready(self, guard: Guard) -> Guard:
        if not guard.ready:
            self._converge(guard, self._context.wirings())
        return guard

    def _converge(self, guard: Guard, wirings: Sequence[plugin.Wiring]) -> list[str]:
        changed = guard.converge(one.nic for one in wirings if self._is_guarded(one.network))
        return ["put the guard against spoofing right"] if changed else []
