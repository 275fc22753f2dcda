"""DHCP for the networks that a host serves: from what net-api says to dnsmasq, and leases back to
net-api."""

from __future__ import annotations

from typing import Any

from nova_netplugins import plugin
from nova_netplugins.host.router import Names


class Dhcp:
    def __init__(self, context: plugin.ServiceContext, service: str) -> None:
        pass

    def ensure(self, serving: dict[str, Any], names: Names) -> None:
        pass

    def ensure_nic(self, serving: dict[str, Any], nic_id: str) -> None:
        pass

    def remove(self, network_id: str) -> None:
        pass

    def close(self) -> None:
        pass
