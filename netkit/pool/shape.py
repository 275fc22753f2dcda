"""The arithmetic of pools: stripes, runs of values, what is left between exclusions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

LARGEST = 2**128 - 1
MOST_STRIPES = 64
SMALLEST_STRIPE = 8

Permitted = Callable[[int], int | None]
"""Maps a value to the smallest permitted one that is not below it; None if there is none."""


class Span(NamedTuple):
    """From `first` to `last`, both included."""

    first: int
    last: int


def stripe_width(first: int, last: int) -> int:
    """How wide the stripes of a new pool are.

    As many transactions draw at once without waiting as there are stripes. MOST_STRIPES bounds
    the rows of a large pool, SMALLEST_STRIPE those of a small one; but two values are two stripes.
    """
    size = last - first + 1
    count = min(MOST_STRIPES, max(2, size // SMALLEST_STRIPE))
    return -(-size // count)


def stripes(span: Span, origin: int, width: int) -> Iterator[Span]:
    """The span cut at the bounds of stripes of that width; the first starts at `origin`."""
    start = span.first
    while start <= span.last:
        end = origin + ((start - origin) // width + 1) * width - 1
        yield Span(start, min(end, span.last))
        start = end + 1


def without(span: Span, excluded: Iterable[tuple[int, int]]) -> Iterator[Span]:
    """What is left of the span; the exclusions may overlap each other and the span's ends."""
    start = span.first
    for first, last in sorted(excluded):
        if first > last:
            raise ValueError(f"cannot exclude {first} to {last}: the first is above the last")
        if first > span.last:
            break
        if start < first:
            yield Span(start, first - 1)
        start = max(start, last + 1)
    if start <= span.last:
        yield Span(start, span.last)


def runs(values: Iterable[int]) -> Iterator[Span]:
    """Consecutive values as spans. Raises ValueError for a value given twice."""
    first = last = None
    for value in sorted(values):
        if value == last:
            raise ValueError(f"{value} is given twice")
        if first is None or last is None:
            first = last = value
        elif value == last + 1:
            last = value
        else:
            yield Span(first, last)
            first = last = value
    if first is not None and last is not None:
        yield Span(first, last)


def pick(span: Span, count: int, permitted: Permitted | None) -> tuple[list[int], int]:
    """The lowest permitted values of the span, at most `count`, and where the rest of it starts."""
    if permitted is None:
        end = min(span.first + count - 1, span.last)
        return list(range(span.first, end + 1)), end + 1
    values: list[int] = []
    candidate = span.first
    while len(values) < count and candidate <= span.last:
        value = permitted(candidate)
        if value is None or value > span.last:
            return values, span.last + 1
        if value < candidate:
            raise ValueError(f"permitted({candidate}) is {value}, which is below")
        values.append(value)
        candidate = value + 1
    return values, candidate
