"""The net-service of netstack: a router, a DHCP server and a metadata proxy for each network, with
the addresses of Melange, on a port of Quantum."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager

from netkit.errors import RemoteError
from nova_netplugins import plugin
from nova_netplugins.ethernet.gateway import Serving
from nova_netplugins.ethernet.router_service import RouterService
from nova_netplugins.host.router import RouterSpec
from nova_netplugins.netstack.conf import GROUP
from nova_netplugins.netstack.dhcp import Dhcp
from nova_netplugins.netstack.tunnel import TunnelEnd
from nova_netplugins.netstack.wiring import NetstackWiring, PortIds

LOG = logging.getLogger(__name__)


class NetstackService(RouterService):
    def __init__(self, context: plugin.ServiceContext) -> None:
        self._drifting = Dhcp(context)
        super().__init__(GROUP, context, self._drifting)
        self._wires = NetstackWiring(context.conf, context.host)
        self._tunnel = TunnelEnd(context.conf, context.client, context.host_name)

    def ensure(self, network_id: str, nic_id: str | None = None) -> None:
        if nic_id is None:
            self._drifting.doubt(network_id)
        super().ensure(network_id, nic_id)

    def check(self) -> Sequence[str]:
        changes = self._reconcile()
        if any(self._wires.has_tunnels(one["network"]) for one in list(self._served.values())):
            self._tunnel.tell()
        changes += super().check()
        return [*changes, *self._drifting.take_repaired()]

    def _reconcile(self) -> list[str]:
        """What broken off requests left, and what Melange changed by itself."""
        try:
            answer = self._context.client.put("/reconciliation", {})
        except RemoteError as error:
            # Networks are served all the same.
            LOG.warning("net-api cannot put things right now: %s", error)
            return []
        told = answer["reconciliation"]
        for line in told["failed"]:
            LOG.warning("net-api: %s", line)
        return list(told["changed"])

    def _differs_in_nics_only(self, serving: Serving, known: Serving) -> bool:
        """Not if the NIC is the first with an address of a new subnet."""
        cidrs = [ipaddress.ip_network(subnet["cidr"]) for subnet in known["subnets"]]
        addresses = [
            ipaddress.ip_address(address) for nic in serving["nics"] for address in nic["addresses"]
        ]
        return all(any(address in cidr for cidr in cidrs) for address in addresses)

    def _wiring(self) -> AbstractContextManager[None]:
        return self._wires.lock()

    def _prepare(self, serving: Serving) -> RouterSpec | None:
        network, gateway = serving["network"], serving["gateway"]
        gateways = _gateways(serving)
        if gateway is None or not gateways or not (network["routed"] or network["enable_dhcp"]):
            return None
        if self._wires.has_tunnels(network):
            self._tunnel.ensure()
        # What frames may have here, instances are told by DHCP.
        network["mtu"] = self._wires.mtu(network, network["mtu"])
        transit = self._transits.assign(network["id"])
        self._wires.ensure(network, network["mtu"])
        has_v4 = any(subnet["version"] == 4 for subnet in serving["subnets"])
        return RouterSpec(
            network_id=network["id"],
            attachment=self._wires.attachment(
                network, PortIds(gateway["port_id"], gateway["mac_address"])
            ),
            gateways=gateways,
            transit=transit if has_v4 and network["routed"] else None,
            metadata=has_v4,
            mtu=network["mtu"],
            mac=gateway["mac_address"],
            floating={one["address"]: one["fixed_address"] for one in serving["floating_ips"]},
        )

    def _clear(self, network_id: str) -> None:
        self._wires.remove_unused()


def _gateways(serving: Serving) -> tuple[str, ...]:
    """The router's addresses with prefix lengths, IPv4 first."""
    served = [subnet for subnet in serving["subnets"] if subnet["server"] is not None]
    served.sort(key=lambda subnet: subnet["version"])
    return tuple(
        f"{subnet['server']}/{ipaddress.ip_network(subnet['cidr']).prefixlen}" for subnet in served
    )
