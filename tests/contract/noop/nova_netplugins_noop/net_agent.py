"""The net-agent of noop: plugged is what nobody has to plug."""

from __future__ import annotations

from collections.abc import Sequence

from nova_netplugins.plugin import AgentContext, Network, VirtualNic


class NoopAgent:
    """``nova_netplugins.plugin.NetAgent``."""

    def __init__(self, context: AgentContext) -> None:
        self._context = context

    def setup_network(self, network: Network) -> None:
        return

    def plug(self, nic: VirtualNic, network: Network) -> None:
        return

    def unplug(self, nic: VirtualNic) -> None:
        return

    def check(self) -> Sequence[str]:
        return []
