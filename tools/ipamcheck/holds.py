"""What a history says of who held which address, and from when to when."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tools.ipamcheck.history import History, Operation


@dataclass
class Call:
    """An allocation with all its repetitions by key. ``operations`` are in the order of asking."""

    operations: list[Operation]

    @property
    def first(self) -> Operation:
        return self.operations[0]

    @property
    def answered(self) -> Operation | None:
        """Its first good answer."""
        good = (o for o in self.operations if o.outcome == "ok")
        return min(good, key=lambda o: o.completed, default=None)

    @property
    def unknown(self) -> bool:
        """It may or may not have had its effect."""
        return self.answered is None and any(o.outcome == "info" for o in self.operations)

    @property
    def ended(self) -> float:
        """After this it has no effect any more."""
        return max(o.completed for o in self.operations)


@dataclass
class Hold:
    """An address that an owner was told to have.

    It took effect between ``invoked`` and ``acknowledged``, and was given back between
    ``released_from`` and ``released_by``; both are infinite if nobody tried, the second also if
    nobody knows. So it was certainly held from ``acknowledged`` to ``released_from``.
    """

    pool: str
    address: str
    owner: str
    call: Call
    invoked: float
    acknowledged: float
    released_from: float = math.inf
    released_by: float = math.inf

    def certain(self, start: float, end: float) -> bool:
        return self.acknowledged <= start and end <= self.released_from

    def possible(self, start: float, end: float) -> bool:
        return self.invoked <= end and start <= self.released_by


@dataclass
class Holds:
    """``of``: those of an address of a pool, in the order of their acknowledgements."""

    calls: list[Call] = field(default_factory=list)
    of: dict[tuple[str, str], list[Hold]] = field(default_factory=dict)
    unmatched: list[Operation] = field(default_factory=list)
    """Releases of what the owner had never been told to have."""

    def __iter__(self) -> Iterator[Hold]:
        for held in self.of.values():
            yield from held


def holds_of(history: History) -> Holds:
    found = Holds(_calls(history.operations))
    of: defaultdict[tuple[str, str], list[Hold]] = defaultdict(list)
    for call in found.calls:
        for hold in _told(call):
            of[hold.pool, hold.address].append(hold)
    for held in of.values():
        held.sort(key=lambda hold: hold.acknowledged)
    found.of = dict(of)
    for operation in history.operations:
        if operation.op == "release" and operation.outcome != "fail":
            _release(found, operation)
    return found


def _calls(operations: Iterable[Operation]) -> list[Call]:
    calls: dict[object, Call] = {}
    for operation in operations:
        if operation.op == "allocate":
            name: object = operation.id if operation.key is None else operation.key
            calls.setdefault(name, Call([])).operations.append(operation)
    return list(calls.values())


def _told(call: Call) -> Iterator[Hold]:
    answer = call.answered
    if answer is not None:
        for address in answer.addresses:
            yield Hold(
                answer.pool, address, answer.owner, call, call.first.invoked, answer.completed
            )


def _release(found: Holds, operation: Operation) -> None:
    """Of the owner's holds of this address, the release is of the last that it knew of."""
    held = found.of.get((operation.pool, operation.address or ""), [])
    own = [h for h in held if h.owner == operation.owner and h.acknowledged <= operation.invoked]
    if not own:
        found.unmatched.append(operation)
        return
    hold = own[-1]
    hold.released_from = min(hold.released_from, operation.invoked)
    if operation.outcome == "ok":
        hold.released_by = min(hold.released_by, operation.completed)
