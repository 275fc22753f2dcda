"""Values of DHCP options as text: what each sort of them may say.

A ``Reader`` returns the text as it is kept, lists without spaces. It raises ValueError with what
would be right, to be put after "value should be".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence

from netkit.wsgi.stringformats import is_hostname

Reader = Callable[[str], str]

LONGEST = 255
"""Octets of a value: its length has one octet (RFC 2132, 2)."""


def text(value: str) -> str:
    if not value.isprintable() or not 0 < len(value.encode()) <= LONGEST:
        raise ValueError(f"text of 1 to {LONGEST} octets that prints")
    return value


def domain(value: str) -> str:
    if not is_hostname(value.removesuffix(".")):
        raise ValueError("a domain name such as example.org")
    return value


def domains(value: str) -> str:
    return _listed([domain(part) for part in _parts(value)])


def addresses(version: int, *, most: int | None = None, in_pairs: bool = False) -> Reader:
    """Addresses of that IP version with commas between them; at most ``most``, or as many as fit
    into LONGEST octets.
    """
    limit = most or LONGEST // (4 if version == 4 else 16)
    kind = "pairs of IPv4 addresses" if in_pairs else f"1 to {limit} IPv{version} addresses"
    wanted = f"one IPv{version} address" if most == 1 else f"{kind} with commas between them"

    def read(value: str) -> str:
        found = []
        for part in _parts(value):
            try:
                found.append(ipaddress.ip_address(part))
            except ValueError:
                raise ValueError(wanted) from None
        wrong = any(one.version != version for one in found) or "%" in value
        if wrong or not 0 < len(found) <= limit or (in_pairs and len(found) % 2):
            raise ValueError(wanted)
        return _listed([str(one) for one in found])

    return read


def integer(
    octets: int, *, smallest: int | None = None, largest: int | None = None, signed: bool = False
) -> Reader:
    """An integer that fits into so many octets."""
    bits = 8 * octets
    low = smallest if smallest is not None else (-(2 ** (bits - 1)) if signed else 0)
    high = largest if largest is not None else 2 ** (bits - 1 if signed else bits) - 1

    def read(value: str) -> str:
        word = value.strip()
        if not word.removeprefix("-").isdecimal() or not low <= int(word) <= high:
            raise ValueError(f"an integer from {low} to {high}")
        return str(int(word))

    return read


def routes(value: str) -> str:
    """CIDRs, each with its gateway: ``10.0.0.0/8,192.0.2.1`` (RFC 3442, as dnsmasq spells it)."""
    parts = _parts(value)
    try:
        if not parts or len(parts) % 2:
            raise ValueError
        pairs = [
            (str(ipaddress.IPv4Network(cidr)), str(ipaddress.IPv4Address(gateway)))
            for cidr, gateway in zip(parts[::2], parts[1::2], strict=True)
        ]
    except ValueError:
        raise ValueError(
            "an IPv4 CIDR and a gateway, such as 10.0.0.0/8,192.0.2.1, or several of these"
        ) from None
    return _listed([part for pair in pairs for part in pair])


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.split(",")]


def _listed(parts: Sequence[str]) -> str:
    return ",".join(parts)
