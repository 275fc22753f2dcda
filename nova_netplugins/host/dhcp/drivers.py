"""The programs that can serve DHCP, by the name that an operator chooses them by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from nova_netplugins.host.dhcp.dnsmasq import Dnsmasq
from nova_netplugins.host.dhcp.kea.driver import Kea
from nova_netplugins.host.dhcp.server import DhcpServer
from nova_netplugins.host.dhcp.settings import Settings
from nova_netplugins.host.errors import HostError

DRIVERS: Mapping[str, Callable[[Path, Settings], DhcpServer]] = {
    "dnsmasq": Dnsmasq,
    "kea": lambda state_dir, _: Kea(state_dir),
}


def dhcp_server(state_dir: Path, settings: Settings) -> DhcpServer:
    """The one that ``settings`` names. Networks that another served before, from the same
    directory, are served by that no more. Raises HostError if there is none of that name."""
    if settings.driver not in DRIVERS:
        names = ", ".join(DRIVERS)
        raise HostError(f"there is no DHCP driver {settings.driver!r}: one of {names} is wanted")
    for name, make in DRIVERS.items():
        if name != settings.driver:
            other = make(state_dir, settings)
            for network_id in other.networks():
                other.remove(network_id)
    return DRIVERS[settings.driver](state_dir, settings)
