"""Arithmetic of spans: (first, last), both included, in order and without overlaps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

Bounds = tuple[int, int]


def common(one: Sequence[Bounds], other: Sequence[Bounds]) -> Iterator[Bounds]:
    """What is in both."""
    left, right = 0, 0
    while left < len(one) and right < len(other):
        first = max(one[left][0], other[right][0])
        last = min(one[left][1], other[right][1])
        if first <= last:
            yield first, last
        if one[left][1] < other[right][1]:
            left += 1
        else:
            right += 1


def width(span: Bounds) -> int:
    return span[1] - span[0] + 1


def size(spans: Iterable[Bounds]) -> int:
    return sum(width(span) for span in spans)


def overlapping(spans: Sequence[Bounds]) -> list[Bounds]:
    """Spans, in the order of their ends, that begin before the one before them ends, or end before
    they begin.
    """
    wrong = [span for span in spans if span[0] > span[1]]
    pairs = zip(spans, spans[1:], strict=False)
    return wrong + [second for first, second in pairs if second[0] <= first[1]]
