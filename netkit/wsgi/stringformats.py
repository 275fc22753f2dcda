"""The string formats of our JSON schemas, each with the words for what would be right."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable

from jsonschema import FormatChecker

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}", re.IGNORECASE)
_INTERFACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.IGNORECASE)


def _is_address(value: str) -> bool:
    ipaddress.ip_address(value)
    return "%" not in value


def _is_ipv4_cidr(value: str) -> bool:
    # IPv4Network reads a netmask after the slash too; only a prefix length is a CIDR.
    ipaddress.IPv4Network(value, strict=False)
    return value.partition("/")[2].isdigit()


def _is_ipv6_cidr(value: str) -> bool:
    ipaddress.IPv6Network(value, strict=False)
    return value.partition("/")[2].isdigit() and "%" not in value


def _is_cidr(value: str) -> bool:
    return _is_ipv6_cidr(value) if ":" in value else _is_ipv4_cidr(value)


def is_hostname(value: str) -> bool:
    """Labels of letters, digits and inner hyphens (RFC 1123, 2.1), 253 characters in all."""
    return len(value) <= 253 and all(_LABEL.fullmatch(label) for label in value.split("."))


def _is_printable(value: str) -> bool:
    """Spaces of all scripts count: Python's own ``isprintable`` knows but one."""
    return all(char.isprintable() or unicodedata.category(char) == "Zs" for char in value)


_FORMATS: dict[str, tuple[Callable[[str], bool], str]] = {
    "uuid": (
        lambda value: bool(_UUID.fullmatch(value)),
        "a UUID such as 8e2e3a4b-57c8-4c3c-9a39-1d1f0c1f6f2e",
    ),
    "ip-address": (_is_address, "an IPv4 or IPv6 address such as 192.0.2.10 or 2001:db8::10"),
    "ipv4-cidr": (_is_ipv4_cidr, "an IPv4 CIDR such as 192.0.2.0/24"),
    "ipv6-cidr": (_is_ipv6_cidr, "an IPv6 CIDR such as 2001:db8::/64"),
    "cidr": (_is_cidr, "a CIDR such as 192.0.2.0/24 or 2001:db8::/64"),
    "mac-address": (
        lambda value: bool(_MAC.fullmatch(value)),
        "a MAC address such as 02:16:3e:01:02:03",
    ),
    "interface-name": (
        lambda value: bool(_INTERFACE.fullmatch(value)),
        "the name of an interface such as eth0 or br-lan: at most 15 letters, digits and . _ -, "
        "the first a letter, a digit or _",
    ),
    "printable": (_is_printable, "text that prints, without line breaks and control characters"),
    "hostname": (is_hostname, "a host name such as web-1 or web-1.example.org (RFC 1123)"),
}


def checker() -> FormatChecker:
    """A format checker that knows our formats and no other."""
    formats = FormatChecker(formats=())
    for name, (accepts, _) in _FORMATS.items():
        formats.checks(name, raises=ValueError)(_strings_only(accepts))
    return formats


def checks() -> dict[str, Callable[[str], bool]]:
    """Each format's name and its check, which returns False or raises ValueError."""
    return {name: accepts for name, (accepts, _) in _FORMATS.items()}


def _strings_only(accepts: Callable[[str], bool]) -> Callable[[object], bool]:
    # A value of another type is the business of "type" (JSON Schema validation, 7.2).
    return lambda value: not isinstance(value, str) or accepts(value)


def wanted(name: str) -> str:
    """What a value of this format is: ``a CIDR such as ...``."""
    return _FORMATS[name][1] if name in _FORMATS else f"a {name}"
