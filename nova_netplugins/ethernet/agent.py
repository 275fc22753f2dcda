"""The net-agent of flat, flat_dhcp and vlan."""

from __future__ import annotations

from contextlib import AbstractContextManager

from nova_netplugins import plugin
from nova_netplugins.ethernet.guard import make_guard
from nova_netplugins.ethernet.segment_wiring import SegmentWiring
from nova_netplugins.ethernet.tap_agent import TapAgent
from nova_netplugins.ethernet.traits import Traits
from nova_netplugins.host.driver import Attachment


class EthernetAgent(TapAgent):
    def __init__(self, traits: Traits, context: plugin.AgentContext) -> None:
        options = context.conf[traits.name]
        super().__init__(traits.name, context, make_guard(options, context.host, traits.name))
        self._traits = traits
        self._segments = SegmentWiring(traits.name, context.conf, context.host)

    def _wiring(self) -> AbstractContextManager[None]:
        return self._segments.lock()

    def _ensure_segment(self, network: plugin.Network, mtu: int | None) -> None:
        self._segments.ensure(network.attributes, mtu)

    def _attachment(self, nic: plugin.VirtualNic, network: plugin.Network) -> Attachment:
        return self._segments.attachment(network.attributes)

    def _remove_unused(self) -> list[str]:
        return self._segments.remove_unused(())

    def _is_served(self, network: plugin.Network) -> bool:
        return self._traits.serves
