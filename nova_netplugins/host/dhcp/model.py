"""What a DHCP server is told: the network, its subnets, its hosts; and what it tells back."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from nova_netplugins.host.dhcp.options import check_option, option_number
from nova_netplugins.host.errors import HostError

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")

LABEL_LENGTH = 63

Net = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class DhcpSubnet:
    """Addresses of one CIDR, IPv4 or IPv6. ``server`` is the device's address in it.

    ``gateway``: the router that clients are told of; None: no default route. IPv6 hosts learn of a
    router only from itself, so it counts only if it is ``server``. ``dns``: the DNS servers that
    clients are told of, of the subnet's IP version; empty: the server itself, if it is one.
    ``routes``: destination -> router, beside the default one; IPv4 only. ``options``: by dnsmasq's
    name or by number; in a value, a comma separates items; they win over what is said otherwise.

    ``slaac`` (IPv6, a /64): hosts make their addresses themselves from what is advertised.
    Without it they ask by DHCPv6, and get those of their addresses that lie in the subnet.

    Raises HostError, with the value at fault.
    """

    cidr: str
    server: str
    gateway: str | None = None
    dns: Sequence[str] = ()
    routes: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    slaac: bool = False

    def __post_init__(self) -> None:
        net = self.net
        if _address("DHCP server", self.server) not in net:
            raise HostError(f"DHCP server {self.server} is not an address of {self.cidr}")
        if self.gateway is not None:
            self._same_version("gateway", self.gateway)
        for server in self.dns:
            self._same_version("DNS server", server)
        for destination, router in self.routes.items():
            _network(destination, 4)
            self._same_version("router", router)
        for name, value in self.options.items():
            check_option(name, value, self.version)
        if self.slaac and (self.version != 6 or net.prefixlen != 64):
            raise HostError(f"{self.cidr} cannot be used for SLAAC: it must be an IPv6 /64")
        if self.routes and self.version != 4:
            raise HostError(f"{self.cidr} has routes: DHCPv6 tells of none")

    @cached_property
    def net(self) -> Net:
        return _network(self.cidr)

    @property
    def version(self) -> int:
        """4 or 6."""
        return self.net.version

    @property
    def stateful(self) -> bool:
        """Whether addresses in it are given by DHCP, not made by the hosts."""
        return not self.slaac

    def _same_version(self, what: str, value: str) -> None:
        if _address(what, value).version != self.version:
            raise HostError(f"{what} {value} of {self.cidr} is not IPv{self.version}")


@dataclass(frozen=True)
class DhcpNetwork:
    """A network to serve, in namespace ``netns`` (its loopback is up), on ``device``.

    ``subnets``: one or more, which do not overlap. ``dns_servers``: those that dnsmasq asks, empty
    for the host's own; a server that is none of DNS tells clients of them where a subnet names
    none. ``mtu`` 0: say nothing of it. ``options``: those of every IPv4 subnet
    that does not have the same.

    Raises HostError, with the value at fault.
    """

    id: str
    netns: str
    device: str
    subnets: Sequence[DhcpSubnet]
    domain: str = ""
    lease_seconds: int = 86400
    dns_servers: Sequence[str] = ()
    mtu: int = 0
    options: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_id("network", self.id)
        _match(_DEVICE, "device name", self.device, "up to 15 letters, digits and . _ -")
        if not self.subnets:
            raise HostError(f"network {self.id} has neither an IPv4 nor an IPv6 CIDR to serve")
        for index, one in enumerate(self.subnets):
            for other in self.subnets[:index]:
                if one.version == other.version and one.net.overlaps(other.net):
                    raise HostError(f"{one.cidr} and {other.cidr} of network {self.id} overlap")
        for server in self.dns_servers:
            _address("DNS server", server)
        for label in filter(None, self.domain.split(".")):
            _match(_LABEL, "domain", label, "letters, digits and - between dots")
        if self.lease_seconds < 120:
            # dnsmasq makes 120 of less without a word.
            raise HostError(f"lease time {self.lease_seconds} is too short: 120 seconds or more")
        for name, value in self.options.items():
            check_option(name, value)

    def of_version(self, version: int) -> list[DhcpSubnet]:
        return [subnet for subnet in self.subnets if subnet.version == version]

    def options_of(self, subnet: DhcpSubnet) -> dict[str, str]:
        """What an operator wants clients of the subnet to be told: of two names for one option,
        or a name and its number, the subnet's own."""
        own = {option_number(name, subnet.version) or name for name in subnet.options}
        general = self.options.items() if subnet.version == 4 else ()
        kept = {k: v for k, v in general if (option_number(k) or k) not in own}
        return kept | dict(subnet.options)

    def subnet_of(self, address: str) -> DhcpSubnet | None:
        """The subnet that the address lies in."""
        wanted = ipaddress.ip_address(address)
        return next((subnet for subnet in self.subnets if wanted in subnet.net), None)

    def given(self, host: DhcpHost) -> tuple[str, ...]:
        """Those of the host's addresses that it is given by DHCP here: the first of IPv4, for a
        client of DHCPv4 has one, and all of IPv6 that it does not make itself."""
        within = [one for one in host.addresses if (on := self.subnet_of(one)) and on.stateful]
        v4 = [one for one in within if ":" not in one]
        return (*v4[:1], *(one for one in within if ":" in one))


@dataclass(frozen=True)
class DhcpHost:
    """A virtual NIC to serve. Without ``hostname`` it is called after its first address.

    Which of its ``addresses`` it is given by DHCP, ``DhcpNetwork.given`` says; all of them are
    told to DNS, where the server is one. ``default_route`` false: it is told of no IPv4 router.
    Raises HostError, with the value at fault.
    """

    nic_id: str
    mac: str
    addresses: Sequence[str] = ()
    hostname: str | None = None
    default_route: bool = True

    def __post_init__(self) -> None:
        check_id("virtual NIC", self.nic_id)
        _match(_MAC, "MAC address", self.mac.lower(), "six pairs of hex digits, aa:bb:cc:dd:ee:ff")
        if isinstance(self.addresses, str):
            raise HostError(f"addresses {self.addresses!r} are one text: a list of them is wanted")
        # As servers write them: what they are compared with must be the same text.
        written = tuple(str(_address("address", address)) for address in self.addresses)
        object.__setattr__(self, "addresses", written)
        object.__setattr__(self, "mac", self.mac.lower())
        if self.hostname:
            host_label(self.hostname)

    @property
    def label(self) -> str:
        """What the host is called, without the domain."""
        if self.hostname:
            return host_label(self.hostname)
        first = self.addresses[0] if self.addresses else self.mac
        return "host-" + re.sub("[.:]+", "-", first).strip("-")


@dataclass(frozen=True)
class Lease:
    """An address that a client has; ``expires`` in seconds since 1970, 0 for never.

    ``mac`` is empty if the server does not know it, as dnsmasq of a client of DHCPv6.
    """

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


def check_id(what: str, value: str) -> None:
    """Raises HostError if the id could not name a file or stand in a comment."""
    _match(_ID, f"{what} id", value, "letters, digits and . _ -")


def _match(pattern: re.Pattern[str], what: str, value: str, rule: str) -> None:
    if not pattern.fullmatch(value):
        raise HostError(f"{what} {value!r} is not valid: it must be {rule}")


def _address(what: str, value: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(_without_zone(value))
    except ValueError:
        raise HostError(f"{what} {value!r} is not an IP address") from None


def _network(cidr: str, version: int | None = None) -> Net:
    try:
        net = ipaddress.ip_network(_without_zone(cidr))
    except ValueError as error:
        raise HostError(f"{cidr!r} is not a network: {error}") from None
    if version is not None and net.version != version:
        raise HostError(f"{cidr} is not an IPv{version} network")
    return net


def _without_zone(value: str) -> str:
    """Of what may follow the % of an address, anything goes."""
    if "%" in value:
        raise ValueError("it has a zone")
    return value
