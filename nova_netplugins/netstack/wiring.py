"""Where the ports of a network belong on a host.

With ``l2_driver`` local: in a Linux bridge, which VXLAN joins to those of the other hosts, or on an
Open vSwitch bridge with a VLAN tag. With quantum: on the bridge of Neutron's agent, which does the
rest. A network's attributes say which, so that a host needs no more than its own options.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from oslo_config import cfg

from nova_netplugins.ethernet.segment_wiring import SegmentWiring
from nova_netplugins.host.driver import Attachment, BridgePort, Host, IntegrationPort
from nova_netplugins.host.errors import HostError
from nova_netplugins.host.kernel import Link, Vxlan
from nova_netplugins.netstack.conf import GROUP
from nova_netplugins.netstack.tunnel import tunnel_address

LOG = logging.getLogger(__name__)

Attributes = Mapping[str, Any]
"""Those of a network: ``l2_driver``, ``segment``, ``peers``."""

HIGHEST_TAG = 4094
# Ethernet, VXLAN (RFC 7348), UDP and IP.
OVERHEAD = {4: 14 + 8 + 8 + 20, 6: 14 + 8 + 8 + 40}
ETHERNET_MTU = 1500


@dataclass(frozen=True)
class PortIds:
    """By what Neutron's agent knows a port. ``device_id``: the instance, None for a gateway."""

    port_id: str | None
    mac_address: str
    device_id: str | None = None


class NetstackWiring:
    def __init__(self, conf: cfg.ConfigOpts, host: Host) -> None:
        self._conf = conf
        self._options = conf[GROUP]
        self._host = host
        self._owner = f"{GROUP} segment"
        self._segments = SegmentWiring(GROUP, conf, host)

    def lock(self) -> AbstractContextManager[None]:
        """As ``SegmentWiring.lock``."""
        return self._segments.lock()

    def has_tunnels(self, network: Attributes) -> bool:
        """Whether this host reaches the network's other hosts by VXLAN."""
        return is_local(network) and self._options.interface_driver == "linuxbridge"

    def mtu(self, network: Attributes, mtu: int | None) -> int | None:
        """Of the network's links here, in bytes: what the network has; else, through a tunnel, what
        the link with the tunnel address leaves; else None, what links have by themselves. Raises
        HostError."""
        if mtu is not None or not self.has_tunnels(network):
            return mtu
        local = tunnel_address(self._conf)
        link = self._host.links.link_with(str(local))
        if link is None:
            raise HostError(
                f"no link of this host has its tunnel address {local}: set [{GROUP}] "
                f"tunnel_address, or my_ip, to one that other hosts reach"
            )
        # Of an address that is not on a wire, nothing is known.
        below = ETHERNET_MTU if link.name == "lo" else link.mtu
        return below - OVERHEAD[local.version]

    def ensure(self, network: Attributes, mtu: int | None) -> None:
        """The network's segment is there. ``mtu``: as ``mtu`` tells. Raises HostError."""
        if self.has_tunnels(network):
            self._ensure_tunnels(network, mtu)
        elif is_local(network):
            self._segments.ensure(self._tagged(network), mtu)

    def repair(self, network: Attributes, mtu: int | None, links: Mapping[str, Link]) -> bool:
        """Where the network has a segment, it is as it should be; whether anything was changed.

        ``links``: those of the host, by name, a moment ago.
        """
        bridge, device = links.get(_bridge(network)), links.get(_device(network))
        if bridge is None or not self.has_tunnels(network):
            return False
        wanted = {"up": True, "mtu": mtu}
        if (
            device is not None
            and device.vxlan == self._vxlan(network)
            and device.master == bridge.name
            and all(vars(link) | wanted == vars(link) for link in (bridge, device))
        ):
            return self._host.links.ensure_flood(device.name, self._others(network))
        self._ensure_tunnels(network, mtu)
        return True

    def attachment(self, network: Attributes, port: PortIds) -> Attachment:
        """Where the port belongs, without making it. Raises HostError."""
        if self.has_tunnels(network):
            return BridgePort(_bridge(network))
        if is_local(network):
            return self._segments.attachment(self._tagged(network))
        if port.port_id is None:
            raise HostError(f"the virtual NIC with {port.mac_address} has no port of Quantum yet")
        ids = {
            "iface-id": port.port_id,
            "iface-status": "active",
            "attached-mac": port.mac_address,
            **({"vm-uuid": port.device_id} if port.device_id is not None else {}),
        }
        return IntegrationPort(self._options.integration_bridge, ids, self._options.isolate_ports)

    def remove_unused(self) -> list[str]:
        """Our bridges that nothing but other hosts is on are gone, with their VXLAN devices; which
        bridges."""
        for link in self._host.links.links():
            # Its bridge went, or was not made, before the process was killed.
            if link.vxlan is not None and link.owner == self._owner and link.master is None:
                self._host.links.delete(link.name)
        return self._segments.remove_unused(())

    def _ensure_tunnels(self, network: Attributes, mtu: int | None) -> None:
        links, bridge, device = self._host.links, _bridge(network), _device(network)
        wanted = self._vxlan(network)
        links.ensure_vxlan(device, wanted.vni, wanted.local, self._owner, wanted.port, mtu)
        self._host.stay_out(device)
        links.ensure_flood(device, self._others(network))
        links.ensure_bridge(bridge, self._owner, mtu=mtu)
        self._host.stay_out(bridge)
        links.ensure_port(bridge, device)

    def _vxlan(self, network: Attributes) -> Vxlan:
        local = str(tunnel_address(self._conf))
        return Vxlan(network["segment"], local, self._options.vxlan_port)

    def _others(self, network: Attributes) -> list[str]:
        """The tunnel addresses of the network's other hosts."""
        local = tunnel_address(self._conf)
        others = []
        for peer in map(ipaddress.ip_address, network["peers"]):
            if peer.version != local.version:
                LOG.warning("no tunnel leads from %s to %s: not the same IP version", local, peer)
            elif peer != local:
                others.append(str(peer))
        return others

    def _tagged(self, network: Attributes) -> dict[str, Any]:
        """The segment as ``SegmentWiring`` knows one."""
        tag: int = network["segment"]
        if tag > HIGHEST_TAG:
            raise HostError(
                f"segment {tag} cannot be a VLAN tag of Open vSwitch: set [{GROUP}] last_segment "
                f"to {HIGHEST_TAG} or less, or interface_driver to linuxbridge"
            )
        return {"vlan": tag, "bridge_interface": self._options.ovs_interface}


def is_local(network: Attributes) -> bool:
    """Whether we make the network, and not Neutron."""
    return bool(network["l2_driver"] == "local")


def _bridge(network: Attributes) -> str:
    return f"br-vx{network['segment']}"


def _device(network: Attributes) -> str:
    return f"vxlan{network['segment']}"
