"""What the router of a network should be, and what its parts are called."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

from nova_netplugins.host.driver import Attachment

NETNS_PREFIX = "nnp-"
ID_LENGTH = 11


@dataclass(frozen=True)
class Transit:
    """The two ends of a router's way out, CIDRs of one /31 or /30: ``100.64.0.0/31``."""

    host: str
    router: str

    @property
    def gateway(self) -> str:
        """The host's address, without length."""
        return str(ipaddress.ip_interface(self.host).ip)

    @property
    def source(self) -> str:
        """The router's address, without length."""
        return str(ipaddress.ip_interface(self.router).ip)


@dataclass(frozen=True)
class RouterSpec:
    """What the router of a network should be.

    ``gateways``: its addresses inside as CIDRs, IPv4 first; ``attachment``: where the network is
    on this host; ``transit`` None: no way out, so no floating IPs either; ``floating`` maps
    floating to fixed addresses, ``interfaces`` those that are not on the public interface to the
    one that they are on; ``snat`` false: only instances with a floating IP get out.
    """

    network_id: str
    attachment: Attachment
    gateways: tuple[str, ...]
    transit: Transit | None = None
    mtu: int | None = None
    mac: str | None = None
    floating: Mapping[str, str] = field(default_factory=dict)
    interfaces: Mapping[str, str] = field(default_factory=dict)
    snat: bool = True
    metadata: bool = True


@dataclass(frozen=True)
class Names:
    """What the parts of a network's router are called."""

    network_id: str

    @property
    def netns(self) -> str:
        return NETNS_PREFIX + self.network_id[:ID_LENGTH]

    @property
    def inside(self) -> str:
        return "gw-" + self.network_id[:ID_LENGTH]

    @property
    def inside_port(self) -> str:
        return "gx-" + self.network_id[:ID_LENGTH]

    @property
    def outside(self) -> str:
        return "up-" + self.network_id[:ID_LENGTH]

    @property
    def outside_port(self) -> str:
        return "ux-" + self.network_id[:ID_LENGTH]
