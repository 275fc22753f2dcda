"""DHCP options by name and by number: the names are dnsmasq's, the numbers IANA's.

What sort of value each has is for checks, and for a server that has to be told in octets
(``octets``).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from nova_netplugins.host.errors import HostError

ROUTER, DNS_SERVER, HOST_NAME, DOMAIN, MTU, ROUTES, SEARCH = 3, 6, 12, 15, 26, 121, 119
DNS_SERVER_V6, SEARCH_V6 = 23, 24

# What the server and the client settle between them (RFC 2132 section 9, RFC 8415 section 21); a
# fixed value breaks it.
_PROTOCOL = {
    4: frozenset({50, 51, 53, 54, 55, 57, 61, 82}),
    6: frozenset({*range(1, 10), 11, 12, 13, 14, 17, 18, 19, 20, 25, 26}),
}
_LARGEST = {4: 254, 6: 65535}

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9+-]{0,40}")
# A quote or a backslash would end or change dnsmasq's quoting, a line break start a line.
_VALUE = re.compile(r"[ !#-\[\]-~]{0,255}")


class Known(NamedTuple):
    """``kind``: addresses, u8, u16, u32, i32, text, domain, domains or routes."""

    name: str
    kind: str


_IPV4 = {
    1: Known("netmask", "addresses"),
    2: Known("time-offset", "i32"),
    3: Known("router", "addresses"),
    6: Known("dns-server", "addresses"),
    7: Known("log-server", "addresses"),
    9: Known("lpr-server", "addresses"),
    12: Known("hostname", "text"),
    13: Known("boot-file-size", "u16"),
    15: Known("domain-name", "text"),
    16: Known("swap-server", "addresses"),
    17: Known("root-path", "text"),
    18: Known("extension-path", "text"),
    19: Known("ip-forward-enable", "u8"),
    20: Known("non-local-source-routing", "u8"),
    21: Known("policy-filter", "addresses"),
    22: Known("max-datagram-reassembly", "u16"),
    23: Known("default-ttl", "u8"),
    26: Known("mtu", "u16"),
    27: Known("all-subnets-local", "u8"),
    28: Known("broadcast", "addresses"),
    31: Known("router-discovery", "u8"),
    32: Known("router-solicitation", "addresses"),
    33: Known("static-route", "addresses"),
    34: Known("trailer-encapsulation", "u8"),
    35: Known("arp-timeout", "u32"),
    36: Known("ethernet-encap", "u8"),
    37: Known("tcp-ttl", "u8"),
    38: Known("tcp-keepalive", "u32"),
    40: Known("nis-domain", "text"),
    41: Known("nis-server", "addresses"),
    42: Known("ntp-server", "addresses"),
    44: Known("netbios-ns", "addresses"),
    45: Known("netbios-dd", "addresses"),
    46: Known("netbios-nodetype", "u8"),
    47: Known("netbios-scope", "text"),
    48: Known("x-windows-fs", "addresses"),
    49: Known("x-windows-dm", "addresses"),
    58: Known("T1", "u32"),
    59: Known("T2", "u32"),
    60: Known("vendor-class", "text"),
    64: Known("nis+-domain", "text"),
    65: Known("nis+-server", "addresses"),
    66: Known("tftp-server", "text"),
    67: Known("bootfile-name", "text"),
    68: Known("mobile-ip-home", "addresses"),
    69: Known("smtp-server", "addresses"),
    70: Known("pop3-server", "addresses"),
    71: Known("nntp-server", "addresses"),
    74: Known("irc-server", "addresses"),
    77: Known("user-class", "text"),
    93: Known("client-arch", "u16"),
    100: Known("posix-timezone", "text"),
    101: Known("tzdb-timezone", "text"),
    108: Known("ipv6-only", "u32"),
    119: Known("domain-search", "domains"),
    121: Known("classless-static-route", "routes"),
    125: Known("vendor-id-encap", "text"),
    150: Known("tftp-server-address", "addresses"),
}

_IPV6 = {
    21: Known("sip-server-domain", "domains"),
    22: Known("sip-server", "addresses"),
    23: Known("dns-server", "addresses"),
    24: Known("domain-search", "domains"),
    27: Known("nis-server", "addresses"),
    28: Known("nis+-server", "addresses"),
    29: Known("nis-domain", "domains"),
    30: Known("nis+-domain", "domains"),
    31: Known("sntp-server", "addresses"),
    32: Known("information-refresh-time", "u32"),
    41: Known("posix-timezone", "text"),
    42: Known("tzdb-timezone", "text"),
    59: Known("bootfile-url", "text"),
}

_KNOWN = {4: _IPV4, 6: _IPV6}
# Their values have formats of their own, which dnsmasq makes of what it is told.
_ONLY_DNSMASQ = {4: ("sip-server",), 6: ("ntp-server", "bootfile-param")}
_NUMBERS = {
    version: {known.name.lower(): number for number, known in table.items()}
    for version, table in _KNOWN.items()
}


def option_number(name: str, version: int = 4) -> int | None:
    """The number of a DHCP option, None if only dnsmasq knows it."""
    return int(name) if name.isdecimal() else _NUMBERS[version].get(name.lower())


def option_names(version: int) -> set[str]:
    """All names of DHCP options, in small letters."""
    return {*_NUMBERS[version], *_ONLY_DNSMASQ[version]}


def option_kind(number: int, version: int) -> str | None:
    """What sort of value the option has, None if that is not known."""
    known = _KNOWN[version].get(number)
    return known.kind if known else None


def check_option(name: str, value: str, version: int = 4) -> None:
    """Raises HostError if that is no DHCP option that an operator may set, or if the value could
    be taken for more than a value. Whether it fits the option, ``fitting.check_fit`` says."""
    number, largest = option_number(name, version), _LARGEST[version]
    if number is None:
        if not _NAME.fullmatch(name):
            rule = "a name such as ntp-server, or a number"
            raise HostError(f"DHCP option {name!r} is not valid: it must be {rule}")
    elif not 1 <= number <= largest or number in _PROTOCOL[version]:
        raise HostError(
            f"DHCP option {name} cannot be set: a number from 1 to {largest} is wanted that "
            "is not part of the protocol itself"
        )
    if not _VALUE.fullmatch(value):
        rule = "up to 255 printable ASCII characters without double quotes and backslashes"
        raise HostError(f"value of DHCP option {name}: {value!r} is not valid: it must be {rule}")
