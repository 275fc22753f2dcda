"""The net-service of flat_dhcp and vlan: a router, a DHCP server and a metadata proxy for each
network."""

from __future__ import annotations

from contextlib import AbstractContextManager

from nova_netplugins import plugin
from nova_netplugins.ethernet import gateway
from nova_netplugins.ethernet.dhcp import Dhcp
from nova_netplugins.ethernet.gateway import Serving
from nova_netplugins.ethernet.router_service import RouterService
from nova_netplugins.ethernet.segment_wiring import SegmentWiring
from nova_netplugins.ethernet.traits import Traits
from nova_netplugins.host.router import RouterSpec


class EthernetService(RouterService):
    def __init__(self, traits: Traits, context: plugin.ServiceContext) -> None:
        super().__init__(traits.name, context, Dhcp(context, traits.name))
        self._segments = SegmentWiring(traits.name, context.conf, context.host)

    def _wiring(self) -> AbstractContextManager[None]:
        return self._segments.lock()

    def _prepare(self, serving: Serving) -> RouterSpec | None:
        network = serving["network"]
        gateways = gateway.addresses(serving, self._context.host_name)
        if not gateways:
            return None
        transit = self._transits.assign(network["id"])
        mac = gateway.mac(serving, self._context.host_name)
        attachment = self._segments.ensure(network, network["mtu"])
        if network["multi_host"] and network["share_address"]:
            self._segments.keep_gateway_apart(network, mac, serving["address"])
        floating_ips = serving["floating_ips"]
        return RouterSpec(
            network_id=network["id"],
            attachment=attachment,
            gateways=gateways,
            transit=transit if network["cidr"] is not None else None,
            metadata=network["cidr"] is not None,
            mtu=network["mtu"],
            mac=mac,
            floating={one["address"]: one["fixed_address"] for one in floating_ips},
            interfaces={
                one["address"]: one["interface"] for one in floating_ips if one["interface"]
            },
        )

    def _clear(self, network_id: str) -> None:
        self._segments.forget_gateway(network_id)
        self._segments.remove_unused(())
