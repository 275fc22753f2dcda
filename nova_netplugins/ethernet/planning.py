"""How a wish for networks becomes CIDRs, gateways and pool bounds. Pure arithmetic: no database, no
host.

The rules are those of Nova's network managers (late release), less the VPN address.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nova_netplugins import errors

IPv4 = ipaddress.IPv4Network
IPv6 = ipaddress.IPv6Network

UNUSABLE: tuple[IPv4 | IPv6, ...] = (
    IPv4("0.0.0.0/8"),
    IPv4("127.0.0.0/8"),
    IPv4("169.254.0.0/16"),
    IPv4("224.0.0.0/3"),
    IPv6("::/8"),
    IPv6("fe80::/10"),
    IPv6("ff00::/8"),
)
"""Of this network, loopback, link-local, multicast, reserved (RFC 6890; RFC 4291, 2.4)."""
SMALLEST_V4 = 30
"""The longest IPv4 prefix of a network: two addresses besides the network's own and the broadcast
address."""

SMALLEST_MTU_V6 = 1280


@dataclass(frozen=True)
class PoolBounds:
    """What a network's pool draws from: ``first`` to ``last``, both included, without ``excluded``
    (as integers)."""

    first: int
    last: int
    excluded: tuple[tuple[int, int], ...]


def parse_v4(text: str, field: str = "cidr") -> IPv4:
    """An IPv4 CIDR of at most ``SMALLEST_V4`` bits; host bits are cleared, as Nova does."""
    try:
        network = ipaddress.IPv4Network(text, strict=False)
    except ValueError as error:
        raise errors.InvalidCidr(field=field, value=text, reason=str(error)) from None
    if network.prefixlen > SMALLEST_V4:
        reason = f"a prefix of at most /{SMALLEST_V4} is needed"
        raise errors.InvalidCidr(field=field, value=text, reason=reason)
    refuse_unusable(network, field)
    return network


def refuse_unusable(network: IPv4 | IPv6, field: str) -> None:
    """Raises InvalidCidr for addresses that no host may have, or that routers do not forward."""
    if any(network.overlaps(block) for block in UNUSABLE if block.version == network.version):
        reason = "it holds addresses that no host may have"
        raise errors.InvalidCidr(field=field, value=str(network), reason=reason)


def parse_v6(text: str, field: str = "cidr_v6") -> IPv6:
    """An IPv6 CIDR of at most 64 bits: the rest is the interface identifier (RFC 4291, 2.5.1)."""
    try:
        network = ipaddress.IPv6Network(text, strict=False)
    except ValueError as error:
        raise errors.InvalidCidr(field=field, value=text, reason=str(error)) from None
    if network.prefixlen > 64:
        reason = "a prefix of at most /64 is needed, so that SLAAC works"
        raise errors.InvalidCidr(field=field, value=text, reason=reason)
    refuse_unusable(network, field)
    return network


def refuse_small_mtu(mtu: int | None, cidr_v6: str | None) -> None:
    """Raises InvalidOption for links that do not carry IPv6 (RFC 8200, 5), though they should."""
    if cidr_v6 is not None and mtu is not None and mtu < SMALLEST_MTU_V6:
        reason = f"a network with IPv6 needs {SMALLEST_MTU_V6} or more"
        raise errors.InvalidOption(field="mtu", value=mtu, reason=reason)


def parse_address(text: str, field: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise errors.InvalidAddress(field=field, value=text) from None


def address_in(text: str, network: IPv4 | IPv6, field: str) -> str:
    """The canonical text of an address that must lie in ``network``."""
    address = parse_address(text, field)
    if address not in network:
        raise errors.AddressOutOfRange(field=field, value=text, cidr=str(network))
    return str(address)


def host_in(text: str, network: IPv4 | IPv6, field: str) -> str:
    """As ``address_in``, and a host may have it."""
    canonical = address_in(text, network, field)
    # The last address of an IPv6 network is one like any other (RFC 4291, 2.6.1).
    last = network.broadcast_address if network.version == 4 else None
    if ipaddress.ip_address(canonical) in (network.network_address, last):
        reason = f"no host of {network} may have it"
        raise errors.InvalidOption(field=field, value=text, reason=reason)
    return canonical


def split_v4(
    whole: IPv4, count: int, size: int | None, taken: Iterable[tuple[IPv4, str]]
) -> list[IPv4]:
    """``count`` subnets of ``size`` addresses (rounded up to a power of two; None: all of
    ``whole``) that are free.

    ``taken``: existing networks and whose they are. A smaller or equal existing one is stepped over
    while there is room; one that contains ``whole`` is a conflict."""
    prefix = _prefix(whole, count, size)
    room = 2 ** (prefix - whole.prefixlen)
    if count > room:
        reason = f"it has room for {room} networks of {2 ** (32 - prefix)} addresses, not {count}"
        raise errors.InvalidCidr(field="cidr", value=str(whole), reason=reason)
    near = sorted((net, owner) for net, owner in taken if net.overlaps(whole))
    chosen: list[IPv4] = []
    for subnet in _free_subnets(whole, prefix, [net for net, _ in near]):
        chosen.append(subnet)
        if len(chosen) == count:
            return chosen
    existing, owner = near[0]
    raise errors.CidrConflict(field="cidr", value=str(whole), existing=str(existing), owner=owner)


def _prefix(whole: IPv4, count: int, size: int | None) -> int:
    if size is None:
        size = whole.num_addresses // (1 << (count - 1).bit_length())
    prefix = 32 - max(size - 1, 0).bit_length()
    if prefix < whole.prefixlen:
        reason = f"it has {whole.num_addresses} addresses, fewer than {count} x {size}"
        raise errors.InvalidCidr(field="cidr", value=str(whole), reason=reason)
    if prefix > SMALLEST_V4:
        reason = f"networks of {size} addresses are too small; 4 is the least"
        raise errors.InvalidCidr(field="cidr", value=str(whole), reason=reason)
    return prefix


def _free_subnets(whole: IPv4, prefix: int, taken: list[IPv4]) -> Iterator[IPv4]:
    """Subnets of ``whole`` that overlap with none of ``taken`` (sorted), in one pass over
    ``taken``."""
    step = 1 << (32 - prefix)
    at, end = int(whole.network_address), int(whole.broadcast_address)
    busy = [(int(net.network_address), int(net.broadcast_address)) for net in taken]
    for first, last in [*busy, (end + 1, end + 1)]:
        while at + step <= first:
            yield IPv4((at, prefix))
            at += step
        if last >= at:
            at += -(-(last + 1 - at) // step) * step


def split_v6(whole: IPv6, count: int) -> list[IPv6]:
    """The first ``count`` /64 networks of ``whole``: what SLAAC works on (RFC 4862, 5.5.3)."""
    room = 2 ** (64 - whole.prefixlen)
    if count > room:
        reason = f"it has room for {room} networks of /64, not {count}"
        raise errors.InvalidCidr(field="cidr_v6", value=str(whole), reason=reason)
    first = int(whole.network_address)
    return [IPv6((first + (index << 64), 64)) for index in range(count)]


def pool_bounds(
    network: IPv4, start: str | None, end: str | None, unusable: Iterable[str | None]
) -> PoolBounds:
    """From ``start`` to ``end`` (default: all but the network's own and the broadcast address),
    less ``unusable``."""
    first = int(network.network_address) + 1
    last = int(network.broadcast_address) - 1
    if start is not None:
        first = max(first, int(ipaddress.IPv4Address(start)))
    if end is not None:
        last = min(last, int(ipaddress.IPv4Address(end)))
    if first > last:
        field, value = ("allowed_end", end) if end is not None else ("allowed_start", start)
        reason = f"it leaves no address of {network} to draw"
        raise errors.InvalidOption(field=field, value=value, reason=reason)
    holes = {int(ipaddress.IPv4Address(address)) for address in unusable if address is not None}
    inside = sorted(hole for hole in holes if first <= hole <= last)
    if len(inside) > last - first:
        reason = "gateway and DHCP server leave no address to draw"
        raise errors.InvalidCidr(field="cidr", value=str(network), reason=reason)
    return PoolBounds(first, last, tuple((hole, hole) for hole in inside))


def eui64(network: IPv6, mac: str) -> str:
    """The SLAAC address of a MAC in a /64 (RFC 4862; modified EUI-64 of RFC 4291, appendix A)."""
    octets = bytearray.fromhex(mac.replace(":", ""))
    octets[0] ^= 0x02
    identifier = bytes(octets[:3]) + b"\xff\xfe" + bytes(octets[3:])
    return str(ipaddress.IPv6Address(int(network.network_address) | int.from_bytes(identifier)))
