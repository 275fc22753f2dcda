"""The net-agent of netstack."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from nova_netplugins import plugin
from nova_netplugins.ethernet.guard import make_guard
from nova_netplugins.ethernet.tap_agent import TapAgent
from nova_netplugins.host.driver import Attachment
from nova_netplugins.host.errors import HostError
from nova_netplugins.host.kernel import Link
from nova_netplugins.netstack.conf import GROUP
from nova_netplugins.netstack.tunnel import TunnelEnd
from nova_netplugins.netstack.wiring import NetstackWiring, PortIds, is_local

LOG = logging.getLogger(__name__)


class NetstackAgent(TapAgent):
    """What it makes depends on the network, not on this host: those of Neutron are only attached to
    its bridge, all else there is its agent's."""

    def __init__(self, context: plugin.AgentContext) -> None:
        options = context.conf[GROUP]
        # On the bridge of Neutron's agent the rules are its own.
        super().__init__(
            GROUP, context, make_guard(options, context.host, GROUP, only=options.ovs_bridge)
        )
        self._wires = NetstackWiring(context.conf, context.host)
        self._tunnel = TunnelEnd(context.conf, context.client, context.host_name)

    def setup_network(self, network: plugin.Network) -> None:
        self._announce(network)
        super().setup_network(network)

    def plug(self, nic: plugin.VirtualNic, network: plugin.Network) -> None:
        self._announce(network)
        super().plug(nic, network)

    def check(self) -> Sequence[str]:
        networks = {one.network.id: one.network for one in self._context.wirings()}.values()
        if any(self._wires.has_tunnels(network.attributes) for network in networks):
            self._tunnel.tell()
        changes = list(super().check())
        links = {link.name: link for link in self._host.links.links()}
        for network in networks:
            changes += self._repair(network, links)
        return changes

    def _repair(self, network: plugin.Network, links: Mapping[str, Link]) -> list[str]:
        """A network of which hosts came and went without our hearing of it."""
        try:
            mtu = self._mtu(network)
            with self._wiring():
                if self._wires.repair(network.attributes, mtu, links):
                    return [f"put the tunnels of network {network.id} right"]
        except HostError as error:
            LOG.error("network %s is not as it should be here: %s", network.id, error)
        return []

    def _announce(self, network: plugin.Network) -> None:
        if self._wires.has_tunnels(network.attributes):
            self._tunnel.ensure()

    def _wiring(self) -> AbstractContextManager[None]:
        return self._wires.lock()

    def _ensure_segment(self, network: plugin.Network, mtu: int | None) -> None:
        self._wires.ensure(network.attributes, mtu)

    def _attachment(self, nic: plugin.VirtualNic, network: plugin.Network) -> Attachment:
        ids = PortIds(nic.attributes["port_id"], nic.mac_address, nic.instance_id)
        return self._wires.attachment(network.attributes, ids)

    def _mtu(self, network: plugin.Network) -> int | None:
        return self._wires.mtu(network.attributes, network.mtu)

    def _remove_unused(self) -> list[str]:
        return self._wires.remove_unused()

    def _is_served(self, network: plugin.Network) -> bool:
        return bool(network.attributes["dhcp"])

    def _is_guarded(self, network: plugin.Network) -> bool:
        return is_local(network.attributes)
