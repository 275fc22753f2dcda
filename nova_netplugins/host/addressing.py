"""Addresses, routes and proxied neighbours of a host."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nova_netplugins.host.errors import HostError
from nova_netplugins.host.kernel import Kernel, Route
from nova_netplugins.host.netlink_bulk import PROTOCOL


def _is_v4(cidr: str) -> bool:
    return ipaddress.ip_interface(cidr).version == 4


def _canonical(cidr: str) -> str:
    try:
        return ipaddress.ip_interface(cidr).with_prefixlen
    except ValueError:
        raise HostError(f"{cidr!r} is no address with prefix length, as in 10.0.0.1/24") from None


class Addresses:
    """The addresses of links, as CIDRs of the address itself: ``10.0.0.1/24``."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def get(self, link: str) -> list[str]:
        """Addresses of the link in the kernel's order, no IPv6 link-local ones. Raises NotFound."""
        return self._kernel.addresses(link)

    def ensure_address(self, link: str, cidr: str, first: bool = False) -> None:
        """The link has the address; with ``first`` it is the first of its family.

        Programs that bind to a link answer from its first address. To become the first, the
        others are taken away and put back after it, and the routes through them with them.
        """
        wanted = _canonical(cidr)
        present = self._kernel.addresses(link)
        family = [one for one in present if _is_v4(one) == _is_v4(wanted)]
        if wanted in family and (not first or family[0] == wanted):
            return
        if not first or not family:
            self._kernel.change_addresses(link, [wanted], [])
            return
        through = [route for route in self._kernel.routes(link) if route.gateway]
        others = [one for one in family if one != wanted]
        self._kernel.change_addresses(link, [wanted, *others], family)
        self._kernel.change_routes(through, [])

    def ensure_addresses(self, link: str, cidrs: Sequence[str]) -> None:
        """The link has exactly these addresses, the first of each family first."""
        wanted = [_canonical(cidr) for cidr in cidrs]
        present = self._kernel.addresses(link)
        stale = [one for one in present if one not in wanted]
        for v4 in (True, False):
            ours = [one for one in wanted if _is_v4(one) == v4]
            theirs = [one for one in present if _is_v4(one) == v4 and one in wanted]
            if ours and theirs and ours[0] != theirs[0]:
                stale += theirs
        if stale or set(wanted) != set(present):
            self._kernel.change_addresses(link, wanted, stale)

    def move(self, source: str, target: str) -> list[str]:
        """The IPv4 addresses of link ``source`` are on ``target`` too; which, for ``forget``."""
        moving = [cidr for cidr in self._kernel.addresses(source) if _is_v4(cidr)]
        self._kernel.change_addresses(target, moving, [])
        return moving

    def forget(self, link: str, cidrs: Sequence[str]) -> None:
        """The link does not have these addresses."""
        self._kernel.change_addresses(link, [], cidrs)


class Routes:
    """Routes of the main table and addresses that the host answers ARP for."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def get(self, device: str | None = None) -> list[Route]:
        """Routes that programs (not the kernel) made, of one device or all."""
        return self._kernel.routes(device)

    def owned(self, device: str) -> list[Route]:
        """The routes through ``device`` that we made."""
        return [route for route in self._kernel.routes(device) if route.protocol == PROTOCOL]

    def ensure_route(self, destination: str, device: str, via: str | None = None) -> None:
        """There is a route to the CIDR; one to the same CIDR is replaced."""
        self._kernel.change_routes([Route(destination, device, via, protocol=PROTOCOL)], [])

    def ensure_routes(
        self, device: str, destinations: Iterable[str], via: str | None = None
    ) -> set[str]:
        """Exactly these CIDRs are routed by us through the device; those that no longer are."""
        wanted = {Route(cidr, device, via, protocol=PROTOCOL) for cidr in destinations}
        present = {route for route in self.owned(device)}
        kept = {route.destination for route in wanted}
        stale = {route for route in present if route.destination not in kept}
        self._kernel.change_routes(wanted - present, stale)
        return {route.destination for route in stale}

    def move(self, source: str, target: str) -> None:
        """The routes by a gateway through link ``source`` lead through ``target``."""
        through = [route for route in self._kernel.routes(source) if route.gateway]
        moved = [replace(route, device=target) for route in through]
        self._kernel.change_routes(moved, through)

    def proxied(self) -> dict[str, set[str]]:
        """Device -> addresses that we made the host answer for there; no device without any."""
        return self._kernel.proxies()

    def change_proxies(self, device: str, add: Iterable[str], delete: Iterable[str]) -> None:
        """Answer for those addresses and no longer for these, ten thousand in 0.2 s."""
        self._kernel.change_proxies(device, add, delete)
