"""Where a webhook may be."""

from __future__ import annotations

import ipaddress
import socket
from typing import NamedTuple
from urllib.parse import urlsplit

LONGEST = 2048
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Target(NamedTuple):
    """``path``: with the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """For the header Host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"http": 80, "https": 443}[self.scheme]
        return host if self.port == usual else f"{host}:{self.port}"


def parse(url: str, *, private: bool) -> Target:
    """What to call. Raises ValueError, with what is wrong with the URL.

    Without ``private`` an address in it must be a public one; what a name leads to is known only
    when it is called (``resolve``).
    """
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(f"give at most {LONGEST} ASCII characters, none of them a space")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("give a URL such as https://example.org/hook, of http or https")
    if "@" in parts.netloc or parts.fragment:
        raise ValueError("give neither user, password nor fragment in it")
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not private and (address := _literal(parts.hostname)) and not is_public(address):
        raise ValueError(f"{address} is not a public address")
    return Target(parts.scheme, parts.hostname, port, path)


def resolve(target: Target, *, private: bool) -> list[str]:
    """The addresses of the target. Raises OSError (the name is unknown) and ValueError (it leads to
    an address that is not public, though all have to be).
    """
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for text in addresses:
        if not private and not is_public(ipaddress.ip_address(text)):
            raise ValueError(f"{target.host} is at {text}, which is not a public address")
    return addresses


def is_public(address: Address) -> bool:
    """Whether everybody can reach it; also the IPv4 address that an IPv6 one stands for."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None and not is_public(inner):
            return False
        if address.ipv4_mapped:
            return True
    return address.is_global and not address.is_multicast


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
