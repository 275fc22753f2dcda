"""What a port of layer 2 may send from."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from oslo_config import cfg

from nova_netplugins.ethernet import planning
from nova_netplugins.netstack.l2 import AddressPair

_LINK_LOCAL = ipaddress.IPv6Network("fe80::/64")


def of_nic(
    options: cfg.GroupAttr,
    mac_address: str,
    addresses: Iterable[str],
    allowed: Iterable[Sequence[str | None]] = (),
) -> list[AddressPair]:
    """Its own addresses, the link-local one where an IPv6 address needs it, and the allowed ones:
    each an address and a MAC address, None: its own."""
    found = [AddressPair(address) for address in addresses]
    found += [AddressPair(str(address), mac) for address, mac in allowed]
    if options.allow_link_local and any(":" in pair.ip_address for pair in found):
        found.append(AddressPair(planning.eui64(_LINK_LOCAL, mac_address)))
    return found
