"""What a DHCP server is told: the network, its hosts; and what it tells back: leases."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nova_netplugins.host.errors import HostError

ROUTER, DNS_SERVER, MTU, ROUTES = 3, 6, 26, 121
_OPTION_NUMBERS = {
    "router": ROUTER,
    "dns-server": DNS_SERVER,
    "mtu": MTU,
    "classless-static-route": ROUTES,
}

# What the server and the client settle between them (RFC 2132 section 9); a fixed value breaks it.
_PROTOCOL_OPTIONS = frozenset({50, 51, 53, 54, 55, 57, 61, 82})

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")
_OPTION_NAME = re.compile(r"[A-Za-z][A-Za-z0-9+-]{0,40}")
# A quote or a backslash would end or change dnsmasq's quoting, a line break start a line.
_OPTION_VALUE = re.compile(r"[ !#-\[\]-~]{0,255}")

LABEL_LENGTH = 63


@dataclass(frozen=True)
class DhcpNetwork:
    """A network to serve, in namespace ``netns`` (its loopback is up), on ``device``.

    ``cidr``, ``server`` (the device's address on it) and ``start`` (the first address that is
    given out) are IPv4; all None for a network that has IPv6 only. ``cidr_v6`` is a /64 that is
    advertised for SLAAC, ``server_v6`` the device's address on it. ``gateway`` None: clients get
    no default route. ``dns_servers`` are those that the server asks; empty: the host's own.
    ``mtu`` 0: say nothing of it. ``routes``: destination -> router, beside the default one.
    ``options``: by dnsmasq's name or by number; in a value, a comma
    separates items; they win over what is said otherwise.

    Raises HostError, with the value at fault.
    """

    id: str
    netns: str
    device: str
    cidr: str | None = None
    server: str | None = None
    start: str | None = None
    gateway: str | None = None
    cidr_v6: str | None = None
    server_v6: str | None = None
    domain: str = ""
    lease_seconds: int = 86400
    dns_servers: Sequence[str] = ()
    mtu: int = 0
    options: Mapping[str, str] = field(default_factory=dict)
    routes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_id("network", self.id)
        _match(_DEVICE, "device name", self.device, "up to 15 letters, digits and . _ -")
        if self.cidr is None and self.cidr_v6 is None:
            raise HostError(f"network {self.id} has neither an IPv4 nor an IPv6 CIDR to serve")
        self._check_v4()
        self._check_v6()
        for server in self.dns_servers:
            _address("DNS server", server)
        for label in filter(None, self.domain.split(".")):
            _match(_LABEL, "domain", label, "letters, digits and - between dots")
        if self.lease_seconds < 120:
            # dnsmasq makes 120 of less without a word.
            raise HostError(f"lease time {self.lease_seconds} is too short: 120 seconds or more")
        for name, value in self.options.items():
            check_option(name, value)

    def _check_v4(self) -> None:
        if self.cidr is None:
            return
        net = _network(self.cidr, 4)
        for what, address in (("DHCP server", self.server), ("first address", self.start)):
            if address is None or _address(what, address) not in net:
                raise HostError(f"{what} {address} is not an address of {self.cidr}")
        if self.gateway is not None:
            _address("gateway", self.gateway)

    def _check_v6(self) -> None:
        if self.cidr_v6 is None:
            return
        net = _network(self.cidr_v6, 6)
        if net.prefixlen != 64:
            raise HostError(f"{self.cidr_v6} cannot be used for SLAAC: its prefix must be a /64")
        if self.server_v6 is None or _address("server", self.server_v6) not in net:
            raise HostError(f"server {self.server_v6} is not an address of {self.cidr_v6}")

    @property
    def numbered_options(self) -> frozenset[int]:
        """Numbers of the options that are given, as far as they are known."""
        return frozenset(n for n in map(option_number, self.options) if n is not None)


@dataclass(frozen=True)
class DhcpHost:
    """A virtual NIC to serve. Without ``hostname`` it is called after its address.

    ``ipv6`` is only told to DNS: the NIC makes it itself from what is advertised.
    ``default_route`` false: its lease has no router. Raises HostError, with the value at fault.
    """

    nic_id: str
    mac: str
    ipv4: str | None = None
    ipv6: str | None = None
    hostname: str | None = None
    default_route: bool = True

    def __post_init__(self) -> None:
        check_id("virtual NIC", self.nic_id)
        _match(_MAC, "MAC address", self.mac.lower(), "six pairs of hex digits, aa:bb:cc:dd:ee:ff")
        for address, version in ((self.ipv4, 4), (self.ipv6, 6)):
            if address is not None and _address("address", address).version != version:
                raise HostError(f"address {address} is not IPv{version}")
        if self.hostname:
            host_label(self.hostname)

    @property
    def label(self) -> str:
        """What the host is called, without the domain."""
        if self.hostname:
            return host_label(self.hostname)
        return "host-" + re.sub("[.:]+", "-", self.ipv4 or self.ipv6 or self.mac).strip("-")


@dataclass(frozen=True)
class Lease:
    """An address that a client has; ``expires`` in seconds since 1970, 0 for never."""

    mac: str
    address: str
    hostname: str | None = None
    expires: int = 0


def host_label(hostname: str) -> str:
    """The first label of a host name, as short as DNS wants it: its first two characters, a dash
    and its last 60, if it has more than 63. Raises HostError."""
    label = hostname.partition(".")[0]
    if len(label) > LABEL_LENGTH:
        label = f"{label[:2]}-{label[-60:]}"
    _match(_LABEL, "host name", label, "letters, digits, - and _, with a letter or digit at ends")
    return label


def option_number(name: str) -> int | None:
    """The number of a DHCP option, None if only dnsmasq knows it."""
    return int(name) if name.isdecimal() else _OPTION_NUMBERS.get(name)


def check_option(name: str, value: str) -> None:
    """Raises HostError if that is no DHCP option that an operator may set, or if the value could
    be taken for more than a value. Whether it fits the option, dnsmasq says."""
    number = option_number(name)
    if number is None:
        _match(_OPTION_NAME, "DHCP option", name, "a name such as ntp-server, or a number")
    elif not 1 <= number <= 254 or number in _PROTOCOL_OPTIONS:
        raise HostError(
            f"DHCP option {name} cannot be set: a number from 1 to 254 is wanted that "
            "is not part of the protocol itself"
        )
    rule = "up to 255 printable ASCII characters without double quotes and backslashes"
    _match(_OPTION_VALUE, f"value of DHCP option {name}:", value, rule)


def check_id(what: str, value: str) -> None:
    """Raises HostError if the id could not name a file or stand in a comment."""
    _match(_ID, f"{what} id", value, "letters, digits and . _ -")


def _match(pattern: re.Pattern[str], what: str, value: str, rule: str) -> None:
    if not pattern.fullmatch(value):
        raise HostError(f"{what} {value!r} is not valid: it must be {rule}")


def _address(what: str, value: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(value)
    except ValueError:
        raise HostError(f"{what} {value!r} is not an IP address") from None


def _network(cidr: str, version: int) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        net = ipaddress.ip_network(cidr)
    except ValueError as error:
        raise HostError(f"{cidr!r} is not a network: {error}") from None
    if net.version != version:
        raise HostError(f"{cidr} is not an IPv{version} network")
    return net
