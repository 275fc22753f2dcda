"""Which addresses of a block nobody gets: its gateway, its broadcast address, and what its policy
keeps. Never a list of addresses: spans and arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from netkit.pool.shape import Span, without

Bounds = tuple[int, int]


class Reason(Enum):
    GATEWAY = "gateway"
    BROADCAST = "broadcast"
    RANGE = "policy_range"
    OCTET = "policy_octet"

    @property
    def of_policy(self) -> bool:
        return self in (Reason.RANGE, Reason.OCTET)


@dataclass(frozen=True)
class Exclusions:
    """Of the block from ``first`` to ``last``. ``ranges``: (offset, length), a negative offset
    counting from the end. ``octets``: values of the last octet (IPv6: of the last 16 bits).
    """

    version: int
    first: int
    last: int
    gateway: int | None = None
    ranges: Sequence[tuple[int, int]] = ()
    octets: frozenset[int] = frozenset()

    @property
    def modulus(self) -> int:
        return modulus_of(self.version)

    @property
    def broadcast(self) -> int | None:
        """The last address; a block of one or two addresses has none (RFC 3021)."""
        return self.last if self.last - self.first >= 2 else None

    def why(self, value: int) -> Reason | None:
        """Why nobody gets this address; None if it may be had."""
        if value == self.gateway:
            return Reason.GATEWAY
        if value == self.broadcast:
            return Reason.BROADCAST
        if any(first <= value <= last for first, last in self._range_spans()):
            return Reason.RANGE
        return Reason.OCTET if value % self.modulus in self.octets else None

    def spans(self) -> list[Bounds]:
        """All but the octets, merged and in order: what is left out of the block's pool."""
        single = [(value, value) for value in (self.gateway, self.broadcast) if value is not None]
        inside = [pair for pair in single if self.first <= pair[0] <= self.last]
        return merged([*inside, *self._range_spans()])

    def next_permitted(self, value: int) -> int | None:
        """The first address from ``value`` on that no octet excludes; None if there is none."""
        for candidate in range(value, min(self.last, value + self.modulus) + 1):
            if candidate % self.modulus not in self.octets:
                return candidate
        return None

    def count(self) -> int:
        """How many addresses are excluded."""
        return self.count_within(self.first, self.last)

    def count_within(self, low: int, high: int) -> int:
        """How many from ``low`` to ``high``, both of the block, are excluded."""
        clipped = [(max(first, low), min(last, high)) for first, last in self.spans()]
        spans = [span for span in clipped if span[0] <= span[1]]
        inside = sum(last - first + 1 for first, last in spans)
        wanted = {octet for octet in self.octets if 0 <= octet < self.modulus}
        octets = self._matching(low, high, wanted)
        return inside + octets - sum(self._matching(*span, wanted) for span in spans)

    def _range_spans(self) -> Iterator[Bounds]:
        size = self.last - self.first + 1
        for offset, length in self.ranges:
            start = offset if offset >= 0 else size + offset
            first, last = max(start, 0), min(start + length, size) - 1
            if first <= last:
                yield self.first + first, self.first + last

    def _matching(self, first: int, last: int, octets: Iterable[int]) -> int:
        return sum(
            _upto(last, octet, self.modulus) - _upto(first - 1, octet, self.modulus)
            for octet in octets
        )


def modulus_of(version: int) -> int:
    """What an address is divided by, and its octet the remainder."""
    return 256 if version == 4 else 65536


def merged(spans: Iterable[Bounds]) -> list[Bounds]:
    """The same integers in spans that neither overlap nor touch, in order."""
    found: list[Bounds] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def left_over(spans: Iterable[Bounds], taken: Iterable[Bounds]) -> list[Bounds]:
    """What of the spans the taken ones do not cover."""
    away = merged(taken)
    return [(piece.first, piece.last) for span in spans for piece in without(Span(*span), away)]


def _upto(value: int, octet: int, modulus: int) -> int:
    """How many integers from 0 to ``value`` leave the remainder ``octet``."""
    return (value - octet) // modulus + 1 if value >= octet else 0
