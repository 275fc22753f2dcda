"""Values of DHCP options as octets.

Kea has names and formats of its own for options, and none for some that it can send all the same.
What is written for dnsmasq is to mean the same here.
"""

from __future__ import annotations

import ipaddress
import re

from nova_netplugins.host.dhcp.options import option_kind
from nova_netplugins.host.errors import BadSettings

_HEX = re.compile(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2})+")
_INTEGER = re.compile(r"-?[0-9]{1,10}")
_WIDTHS = {"u8": 1, "u16": 2, "u32": 4, "i32": 4}
# Of a number whose option is not known, dnsmasq takes as few octets as it needs.
_GUESSED = ("u8", "u16", "u32")
_WANTED = {
    "addresses": "addresses of IPv{version} with commas between them",
    "routes": "a CIDR and a router by turns, such as 10.0.0.0/8,192.0.2.1",
    "domains": "domain names with commas between them",
    "u8": "an integer from 0 to 255",
    "u16": "an integer from 0 to 65535",
    "u32": "an integer from 0 to 4294967295",
    "i32": "an integer from -2147483648 to 2147483647",
}


def octets(number: int, value: str, version: int) -> bytes:
    """Raises BadSettings, with the value and what the option wants."""
    kind = option_kind(number, version) or _guess(value, version)
    items = [item.strip() for item in value.split(",")]
    try:
        if kind == "addresses":
            return b"".join(_address(item, version) for item in items)
        if kind == "routes":
            return _routes(items)
        if kind == "domains":
            return b"".join(_domain(item) for item in items)
        if kind == "hex":
            return bytes.fromhex(value.replace(":", ""))
        if kind == "text":
            return value.encode("ascii")
        if not _INTEGER.fullmatch(value):
            raise ValueError(value)
        return int(value).to_bytes(_WIDTHS[kind], signed=kind == "i32")
    except (ValueError, OverflowError):
        rule = _WANTED[kind].format(version=version)
        raise BadSettings(
            f"value of DHCP option {number}: {value!r} is not valid: it must be {rule}"
        ) from None


def _guess(value: str, version: int) -> str:
    """As dnsmasq takes a value of an option that it does not know."""
    try:
        octets_of = [_address(item.strip(), version) for item in value.split(",")]
    except ValueError:
        octets_of = []
    if octets_of:
        return "addresses"
    if _HEX.fullmatch(value):
        return "hex"
    if value.isdecimal():
        return next((kind for kind in _GUESSED if int(value) >> 8 * _WIDTHS[kind] == 0), "text")
    return "text"


def _address(text: str, version: int) -> bytes:
    if version == 4:
        return ipaddress.IPv4Address(text).packed
    if "%" in text:
        raise ValueError(text)
    return ipaddress.IPv6Address(text.strip("[]")).packed


def _routes(items: list[str]) -> bytes:
    """Destination and router by turns (RFC 3442): of a destination, only what its prefix needs."""
    if len(items) % 2:
        raise ValueError(items)
    told = b""
    for destination, router in zip(items[::2], items[1::2], strict=True):
        net = ipaddress.IPv4Network(destination)
        significant = net.network_address.packed[: (net.prefixlen + 7) // 8]
        told += bytes([net.prefixlen]) + significant + ipaddress.IPv4Address(router).packed
    return told


def _domain(name: str) -> bytes:
    """Labels with their lengths, not compressed (RFC 1035, 3.1)."""
    labels = [label.encode("ascii") for label in name.rstrip(".").split(".")]
    if not all(0 < len(label) < 64 for label in labels):
        raise ValueError(name)
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
