"""Addresses that stay with an interface and tell nothing about it (RFC 7217)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Any

from melange.ipam.addressing import Span
from melange.ipam.generators import SECRET

MOST = 1024
"""Addresses proposed at most: RFC 7217's DAD_Counter stays below it."""

# Interface identifiers that hosts must not have (RFC 5453), both inclusive: the subnet-router
# anycast address, IANA's Ethernet block, the reserved subnet anycast addresses.
RESERVED = (
    (0, 0),
    (0x02005EFFFE000000, 0x02005EFFFEFFFFFF),
    (0xFDFFFFFFFFFFFF80, 0xFDFFFFFFFFFFFFFF),
)


class StablePrivate:
    """The lowest bits of an HMAC-SHA-256, with the secret as its key, over the prefix, the
    interface's id and a counter of those that were taken.
    """

    needs: tuple[str, ...] = ("interface_id", SECRET)
    any_will_do = False

    def propose(self, span: Span, parameters: Mapping[str, Any]) -> Iterator[int]:
        size = span.last - span.first + 1
        key = str(parameters[SECRET]).encode()
        subject = f"{span.cidr}\0{parameters['interface_id']}\0".encode()
        for counter in range(MOST):
            digest = hmac.digest(key, subject + str(counter).encode(), hashlib.sha256)
            host = int.from_bytes(digest, "big") % size
            if size < 2**64 or not _is_reserved(host % 2**64):
                yield span.first + host


def _is_reserved(identifier: int) -> bool:
    return any(first <= identifier <= last for first, last in RESERVED)
