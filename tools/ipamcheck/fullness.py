"""Refusals of a full pool: could it have been full?"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import accumulate

from tools.ipamcheck.history import FULL, History, Operation
from tools.ipamcheck.holds import Holds
from tools.ipamcheck.violations import Violation

Interval = tuple[float, float, int]
"""From when to when so many addresses may have been taken."""


class Occupied:
    def __init__(self, intervals: Iterable[Interval]) -> None:
        found = list(intervals)
        starts = sorted((start, count) for start, _, count in found)
        ends = sorted((end, count) for _, end, count in found)
        self._starts = [start for start, _ in starts]
        self._started = [0, *accumulate(count for _, count in starts)]
        self._ends = [end for end, _ in ends]
        self._ended = [0, *accumulate(count for _, count in ends)]

    def at_most(self, start: float, end: float) -> int:
        """How many addresses can have been taken in all at one moment or another of that time."""
        begun = self._started[bisect_right(self._starts, end)]
        over = self._ended[bisect_left(self._ends, start)]
        return begun - over


def violations(history: History, holds: Holds) -> Iterator[Violation]:
    intervals = _intervals(history, holds)
    for call in holds.calls:
        own = call.first.count if call.answered is None else 0
        for o in call.operations:
            pool = history.pools.get(o.pool)
            if pool is None or pool.size is None or not _refused(o):
                continue
            others = intervals[o.pool].at_most(o.invoked, o.completed) - own
            if others + o.count <= pool.size:
                when = f"{o.invoked:.3f}..{o.completed:.3f}"
                text = f"{o.owner} asked {o.pool} for {o.count} at {when} and was told it was full"
                known = f"at most {others} of {pool.size} addresses were taken"
                yield Violation("needless_full", f"{text}: {known}")


def _refused(o: Operation) -> bool:
    return o.outcome == "fail" and o.error == FULL and o.address is None


def _intervals(history: History, holds: Holds) -> dict[str, Occupied]:
    of: defaultdict[str, list[Interval]] = defaultdict(list)
    for hold in holds:
        pool = history.pools.get(hold.pool)
        rest = pool.rest if pool else 0.0
        of[hold.pool].append((hold.invoked, hold.released_by + rest, 1))
    for call in holds.calls:
        # What was refused may have held some for a moment.
        if call.answered is None:
            of[call.first.pool].append((call.first.invoked, call.ended, call.first.count))
    return {pool: Occupied(found) for pool, found in of.items()}
