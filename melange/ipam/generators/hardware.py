"""Addresses that tell the MAC address of the interface.

An address that is taken is followed by that of the next MAC address. In a block too small for the
host part its lowest bits are used, in one that is larger they are filled up with zeros.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from melange.ipam.addressing import Span
from melange.ipam.eui import parse_mac

MOST = 2**24
"""Addresses proposed at most: of smaller blocks all, each once."""


class Rfc2462:
    """The modified EUI-64 of the MAC address (RFC 2462, RFC 4291 appendix A)."""

    needs: tuple[str, ...] = ("mac_address",)
    any_will_do = False

    def propose(self, span: Span, parameters: Mapping[str, Any]) -> Iterator[int]:
        for mac in _following(span, parameters):
            vendor, device = divmod(mac, 2**24)
            yield _within(span, (vendor ^ 0x020000) << 40 | 0xFFFE << 24 | device)


class TenantBased:
    """Melange's own: 32 bits of the tenant's SHA-1, then ff, then the MAC address's lower half."""

    needs: tuple[str, ...] = ("used_by_tenant", "mac_address")
    any_will_do = False

    def propose(self, span: Span, parameters: Mapping[str, Any]) -> Iterator[int]:
        tenant = str(parameters["used_by_tenant"]).encode()
        head = int(hashlib.sha1(tenant, usedforsecurity=False).hexdigest()[:8], 16) << 32
        for mac in _following(span, parameters):
            yield _within(span, head | 0xFF << 24 | mac % 2**24)


def _following(span: Span, parameters: Mapping[str, Any]) -> Iterator[int]:
    start = parse_mac(str(parameters["mac_address"]))
    for step in range(min(MOST, span.last - span.first + 1)):
        yield (start + step) % 2**48


def _within(span: Span, host: int) -> int:
    return span.first + host % (span.last - span.first + 1)
