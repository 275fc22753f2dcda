"""DHCP options by name: the names that dnsmasq knows, for the numbers in IANA's registries. A few
have a short name beside it.

IPv4: RFC 2132 and its successors. IPv6: RFC 8415 and its companions.
"""

from __future__ import annotations

from typing import NamedTuple

from melange.ipam import dhcp_values as values
from melange.ipam.dhcp_values import Reader


class Known(NamedTuple):
    """``read`` checks a value and writes it as it is kept."""

    name: str
    read: Reader


_ADDRESSES = values.addresses(4)
_PAIRS = values.addresses(4, in_pairs=True)
_ADDRESSES6 = values.addresses(6)
_FLAG = values.integer(1, largest=1)
_BYTE = values.integer(1)
_SHORT = values.integer(2)
_LONG = values.integer(4)

_IPV4 = {
    1: Known("netmask", values.addresses(4, most=1)),
    2: Known("time-offset", values.integer(4, signed=True)),
    3: Known("router", _ADDRESSES),
    6: Known("dns-server", _ADDRESSES),
    7: Known("log-server", _ADDRESSES),
    9: Known("lpr-server", _ADDRESSES),
    12: Known("hostname", values.text),
    13: Known("boot-file-size", _SHORT),
    15: Known("domain-name", values.domain),
    16: Known("swap-server", values.addresses(4, most=1)),
    17: Known("root-path", values.text),
    18: Known("extension-path", values.text),
    19: Known("ip-forward-enable", _FLAG),
    20: Known("non-local-source-routing", _FLAG),
    21: Known("policy-filter", _PAIRS),
    22: Known("max-datagram-reassembly", values.integer(2, smallest=576)),
    23: Known("default-ttl", values.integer(1, smallest=1)),
    26: Known("mtu", values.integer(2, smallest=68)),
    27: Known("all-subnets-local", _FLAG),
    28: Known("broadcast", values.addresses(4, most=1)),
    31: Known("router-discovery", _FLAG),
    32: Known("router-solicitation", values.addresses(4, most=1)),
    33: Known("static-route", _PAIRS),
    34: Known("trailer-encapsulation", _FLAG),
    35: Known("arp-timeout", _LONG),
    36: Known("ethernet-encap", _FLAG),
    37: Known("tcp-ttl", values.integer(1, smallest=1)),
    38: Known("tcp-keepalive", _LONG),
    40: Known("nis-domain", values.text),
    41: Known("nis-server", _ADDRESSES),
    42: Known("ntp-server", _ADDRESSES),
    44: Known("netbios-ns", _ADDRESSES),
    45: Known("netbios-dd", _ADDRESSES),
    46: Known("netbios-nodetype", _BYTE),
    47: Known("netbios-scope", values.text),
    51: Known("lease-time", _LONG),
    58: Known("T1", _LONG),
    59: Known("T2", _LONG),
    60: Known("vendor-class", values.text),
    64: Known("nis+-domain", values.text),
    65: Known("nis+-server", _ADDRESSES),
    66: Known("tftp-server", values.text),
    67: Known("bootfile-name", values.text),
    68: Known("mobile-ip-home", _ADDRESSES),
    69: Known("smtp-server", _ADDRESSES),
    70: Known("pop3-server", _ADDRESSES),
    71: Known("nntp-server", _ADDRESSES),
    74: Known("irc-server", _ADDRESSES),
    77: Known("user-class", values.text),
    93: Known("client-arch", _SHORT),
    100: Known("posix-timezone", values.text),
    101: Known("tzdb-timezone", values.text),
    108: Known("ipv6-only", _LONG),
    119: Known("domain-search", values.domains),
    120: Known("sip-server", values.text),
    121: Known("classless-static-route", values.routes),
    125: Known("vendor-id-encap", values.text),
    150: Known("tftp-server-address", _ADDRESSES),
}

_IPV6 = {
    7: Known("preference", _BYTE),
    15: Known("user-class", values.text),
    16: Known("vendor-class", values.text),
    21: Known("sip-server-domain", values.domains),
    22: Known("sip-server", _ADDRESSES6),
    23: Known("dns-server", _ADDRESSES6),
    24: Known("domain-search", values.domains),
    27: Known("nis-server", _ADDRESSES6),
    28: Known("nis+-server", _ADDRESSES6),
    29: Known("nis-domain", values.domains),
    30: Known("nis+-domain", values.domains),
    31: Known("sntp-server", _ADDRESSES6),
    32: Known("information-refresh-time", values.integer(4, smallest=600)),
    41: Known("posix-timezone", values.text),
    42: Known("tzdb-timezone", values.text),
    56: Known("ntp-server", values.text),
    59: Known("bootfile-url", values.text),
    60: Known("bootfile-param", values.text),
}

_BY_NUMBER = {4: _IPV4, 6: _IPV6}
_BY_NAME = {
    version: {known.name.lower(): number for number, known in table.items()}
    for version, table in _BY_NUMBER.items()
}
_BY_NAME[4] |= {"dns": 6, "domain": 15, "ntp": 42}
_BY_NAME[6] |= {"dns": 23, "domain": 24, "ntp": 56}

LARGEST = {4: 254, 6: 65535}
"""By IP version; 0 and 255 are no options of DHCPv4 (RFC 2132, 3)."""


def number_of(version: int, name: str) -> int | None:
    return _BY_NAME[version].get(name.strip().lower())


def name_of(version: int, number: int) -> str | None:
    known = _BY_NUMBER[version].get(number)
    return known.name if known else None


def reader_of(version: int, number: int) -> Reader:
    """For a number that has no name: any text."""
    known = _BY_NUMBER[version].get(number)
    return known.read if known else values.text
