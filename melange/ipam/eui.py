"""MAC addresses between text and integers of 48 bits."""

from __future__ import annotations

from typing import NamedTuple

import netaddr

from melange import errors

BITS = 48


class MacSpan(NamedTuple):
    """What a range's CIDR covers: integers, both inclusive."""

    first: int
    last: int


def parse_mac(text: str, field: str = "mac_address") -> int:
    """A MAC address in any of the usual spellings. Raises Invalid."""
    try:
        return int(netaddr.EUI(text.strip(), version=BITS))
    except (netaddr.AddrFormatError, ValueError):
        raise errors.Invalid({field: f"{text} is not a valid MAC address"}, text) from None


def mac_text(value: int) -> str:
    """As Melange shows it: upper case, with colons."""
    digits = f"{value:012X}"
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def parse_span(cidr: str) -> MacSpan:
    """``AA:BB:CC:00:00:00/24``: the prefix length counts in 48 bits; without one, a single address.

    Raises Invalid.
    """
    wrong = errors.Invalid({"cidr": "cidr is invalid"}, cidr)
    base, slash, prefix = cidr.strip().partition("/")
    if slash and not (prefix.isascii() and prefix.isdecimal() and int(prefix) <= BITS):
        raise wrong
    try:
        value = parse_mac(base)
    except errors.Invalid:
        raise wrong from None
    size = 2 ** (BITS - int(prefix)) if slash else 1
    first = value - value % size
    return MacSpan(first, first + size - 1)
