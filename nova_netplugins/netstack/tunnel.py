"""Where a host's end of the tunnels is, and that net-api knows of it."""

from __future__ import annotations

import ipaddress
import logging

from oslo_config import cfg

from netkit.errors import ServiceError
from nova_netplugins import plugin
from nova_netplugins.host.errors import HostError
from nova_netplugins.netstack.conf import GROUP

LOG = logging.getLogger(__name__)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def tunnel_address(conf: cfg.ConfigOpts) -> Address:
    """This host's. Raises HostError for what is no address."""
    configured = conf[GROUP].tunnel_address or conf.my_ip
    try:
        return ipaddress.ip_address(configured)
    except ValueError:
        option = f"[{GROUP}] tunnel_address" if conf[GROUP].tunnel_address else "my_ip"
        raise HostError(
            f"{option} is {configured!r}, which is no IPv4 or IPv6 address of this host"
        ) from None


class TunnelEnd:
    """Tells net-api, which tells the other hosts. Of agent and service of one host, both may."""

    def __init__(self, conf: cfg.ConfigOpts, client: plugin.NetApiClient, host_name: str) -> None:
        self._conf = conf
        self._client = client
        self._path = f"/hosts/{host_name}/tunnel"
        self._told = False

    def ensure(self) -> None:
        """Once before the first network that needs it."""
        if not self._told:
            self.tell()

    def tell(self) -> None:
        """Now. That it fails is no reason not to wire what is here: it is told again."""
        try:
            address = str(tunnel_address(self._conf))
            self._client.put(self._path, {"tunnel": {"address": address}})
        except (HostError, ServiceError) as error:
            LOG.error("other hosts do not hear of this one's tunnel address: %s", error)
        else:
            self._told = True
