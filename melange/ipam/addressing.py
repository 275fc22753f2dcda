"""Addresses and CIDRs between text and integers."""

from __future__ import annotations

import ipaddress
import socket
from typing import NamedTuple

import netaddr


class Span(NamedTuple):
    """What a CIDR covers: integers, both inclusive."""

    cidr: str
    version: int
    first: int
    last: int


def parse_cidr(text: str) -> Span:
    """The network that a CIDR names or lies in. Raises ValueError.

    As Melange reads them: a bare address is a network of one, octets left out are 0
    (``10.64/10``).
    """
    address, _, prefix = text.strip().partition("/")
    if "/" in text and not prefix:
        raise ValueError(f"{text!r} has no prefix length after its slash")
    try:
        if ":" not in address:
            address = netaddr.expand_partial_ipv4_address(address)
        network = netaddr.IPNetwork(f"{address}/{prefix}" if prefix else address).cidr
    except netaddr.AddrFormatError as error:
        raise ValueError(str(error)) from error
    return Span(str(network), network.version, network.first, network.last)


def parse_address(text: str) -> tuple[int, int]:
    """The version and the integer of an address, however it is spelt. Raises ValueError."""
    if "%" in text:
        raise ValueError(f"{text!r} names a zone, which means nothing on other hosts")
    found = ipaddress.ip_address(text.strip())
    return found.version, int(found)


def address_text(version: int, value: int) -> str:
    """An address as Melange shows it: IPv6 in full, lower case."""
    if version == 4:
        return socket.inet_ntoa(value.to_bytes(4, "big"))
    digits = f"{value:032x}"
    return ":".join([digits[start : start + 4] for start in range(0, 32, 4)])


def cidr_of(version: int, first: int, prefix: int) -> Span:
    """The network of that prefix length that starts at ``first``."""
    return parse_cidr(f"{address_text(version, first)}/{prefix}")


def width(version: int) -> int:
    """Bits of an address."""
    return 32 if version == 4 else 128
