"""What Melange keeps as somebody wrote it: gateways, DNS servers and static routes.

Melange v0.1 did not look at them. What is of no use is left out, with a warning: one project's
mistake must not end what is done for all.
"""

from __future__ import annotations

import functools
import ipaddress
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from netkit.errors import shorten
from nova_netplugins.netstack.melange_calls import shortest

LOG = logging.getLogger(__name__)


def gateway_of(found: Mapping[str, Any], version: int) -> str | None:
    """Of a block as the client shows it."""
    return _address(found["id"], "gateway", found["gateway"], version)


def dns_of(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Of a block as the client shows it; of either IP version."""
    servers = (_address(found["id"], name, found[name]) for name in ("dns1", "dns2"))
    return tuple(dict.fromkeys(server for server in servers if server))


def routes_of(
    block_id: str, version: int, routes: Iterable[Mapping[str, Any]]
) -> tuple[dict[str, str], ...]:
    """``routes``: of the block, as the client shows them."""
    read = (_route(block_id, version, route) for route in routes)
    return tuple(route for route in read if route is not None)


def _route(block_id: str, version: int, found: Mapping[str, Any]) -> dict[str, str] | None:
    gateway = _address(block_id, "route's gateway", found["gateway"], version)
    destination = found["destination"]
    if found["netmask"]:
        destination = f"{destination}/{found['netmask']}"
    try:
        network = ipaddress.ip_network(destination, strict=False)
    except ValueError:
        network = None
    if network is None or network.version != version or "%" in destination:
        wanted = f"an IPv{version} network, as an address and a netmask or as a CIDR"
        _warn(block_id, "route's destination", destination, wanted)
    elif gateway is not None:
        return {"destination": str(network), "gateway": gateway}
    return None


def _address(block_id: str, name: str, text: str | None, version: int | None = None) -> str | None:
    """``version``: the only one that is of use."""
    if not text:
        return None
    try:
        # Melange takes a gateway with spaces around it.
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        address = None
    # A zone means nothing on other hosts.
    if address is None or "%" in text or version not in (None, address.version):
        wanted = "an IP address" if version is None else f"an IPv{version} address"
        _warn(block_id, name, text, wanted)
        return None
    return shortest(text.strip())


# Blocks are read again and again: told once, the log keeps its other lines.
@functools.lru_cache(maxsize=1024)
def _warn(block_id: str, name: str, text: str, wanted: str) -> None:
    LOG.warning(
        "block %s is used without its %s %s, which is not %s; correct it in Melange",
        block_id,
        name,
        shorten(text),
        wanted,
    )
