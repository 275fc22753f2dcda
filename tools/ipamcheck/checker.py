"""The judge: what a history proves that the service must not have done.

It accuses only where no order of the events explains what the clients were told: a call whose
outcome nobody knows is given the benefit of both. The kinds of violation are the names of `KINDS`.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tools.ipamcheck import final, fullness
from tools.ipamcheck.history import NOT_DONE, History, Operation
from tools.ipamcheck.holds import Call, Hold, Holds, holds_of
from tools.ipamcheck.violations import Violation


@dataclass(frozen=True)
class Verdict:
    violations: list[Violation]
    summary: dict[str, int]

    def __str__(self) -> str:
        counts = ", ".join(f"{name} {count}" for name, count in self.summary.items())
        found = [str(violation) for violation in self.violations] or ["no violation found"]
        return "\n".join([counts, *found])


def judge(history: History) -> Verdict:
    holds = holds_of(history)
    found = [
        *_answers(history, holds),
        *_repetitions(holds),
        *_overlaps(history, holds),
        *_reads(history, holds),
        *fullness.violations(history, holds),
        *final.violations(history, holds),
    ]
    return Verdict(found, _summary(history, holds))


def _answers(history: History, holds: Holds) -> Iterator[Violation]:
    """Answers that are not what was asked for."""
    for call in holds.calls:
        for o in call.operations:
            if o.outcome == "ok":
                for wrong in _wrong(history, o):
                    yield Violation("wrong_answer", f"{_asked(o)} got {_list(o)}: {wrong}")
    for operation in holds.unmatched:
        text = f"{operation.owner} released {operation.pool} {operation.address}, never its own"
        yield Violation("bad_history", text)


def _wrong(history: History, o: Operation) -> Iterator[str]:
    if len(o.addresses) != o.count:
        yield f"{len(o.addresses)} addresses instead of {o.count}"
    if len(set(o.addresses)) != len(o.addresses):
        yield "one address twice"
    if o.address is not None and o.addresses != (o.address,):
        yield "another address"
    pool = history.pools.get(o.pool)
    if pool is not None and pool.cidr is not None:
        network = ipaddress.ip_network(pool.cidr)
        if any(ipaddress.ip_address(address) not in network for address in o.addresses):
            yield f"outside {pool.cidr}"


def _repetitions(holds: Holds) -> Iterator[Violation]:
    """Repetitions by key that got another answer than the first good one."""
    for call in holds.calls:
        answer = call.answered
        for o in call.operations:
            if answer is None or not _contradicts(o, answer):
                continue
            told = _list(o) if o.outcome == "ok" else o.error
            text = f"{_asked(o)} with key {o.key} got {_list(answer)}, then {told}"
            yield Violation("answers_differ", text)


def _contradicts(o: Operation, answer: Operation) -> bool:
    """A refusal that came in before the good answer may have been given before it, too."""
    if o.outcome == "ok":
        return sorted(o.addresses) != sorted(answer.addresses)
    return o.outcome == "fail" and o.error != NOT_DONE and o.invoked > answer.completed


def _overlaps(history: History, holds: Holds) -> Iterator[Violation]:
    """Addresses that somebody got while they were another's, or before they had rested."""
    for (pool, address), held in holds.of.items():
        rest = history.pools[pool].rest if pool in history.pools else 0.0
        last = held[0]
        for _, hold in pairwise(held):
            # The release may have had its effect as soon as it was asked for, the allocation as
            # late as it was answered.
            if last.released_from > hold.acknowledged:
                yield Violation("two_owners", f"{pool} {address}: {_tell(last)}; {_tell(hold)}")
            elif last.released_from + rest > hold.acknowledged:
                told = hold.acknowledged - last.released_from
                text = f"{pool} {address} rested {told:.3f} s instead of {rest} s"
                yield Violation("rest_cut_short", f"{text}: {_tell(last)}; {_tell(hold)}")
            last = max(last, hold, key=lambda h: h.released_from)


def _reads(history: History, holds: Holds) -> Iterator[Violation]:
    """Owners shown that were not."""
    unknown = [call for call in holds.calls if call.answered is None and _may_act(call)]
    for o in history.operations:
        if o.op != "get" or o.outcome != "ok":
            continue
        held = holds.of.get((o.pool, o.address or ""), [])
        certain = [h for h in held if h.certain(o.invoked, o.completed)]
        if any(h.owner != o.shown for h in certain):
            text = f"{o.pool} {o.address} was {certain[0].owner}'s and shown as {o.shown}'s"
            yield Violation("wrong_read", f"{text} at {o.completed:.3f}")
        elif o.shown is not None and not any(
            h.owner == o.shown and h.possible(o.invoked, o.completed) for h in held
        ):
            if any(_explains(call.first, o) for call in unknown):
                continue
            text = f"{o.pool} {o.address} was shown as {o.shown}'s, who could not have it"
            yield Violation("wrong_read", f"{text} at {o.completed:.3f}")


def _may_act(call: Call) -> bool:
    return any(o.outcome != "fail" for o in call.operations)


def _explains(asked: Operation, read: Operation) -> bool:
    return (
        (asked.pool, asked.owner) == (read.pool, read.shown)
        and asked.invoked <= read.completed
        and asked.address in (None, read.address)
    )


def _summary(history: History, holds: Holds) -> dict[str, int]:
    operations = history.operations
    outcomes = {kind: sum(o.outcome == kind for o in operations) for kind in ("ok", "fail", "info")}
    return {
        "operations": len(operations),
        **outcomes,
        "addresses": sum(1 for _ in holds),
        "reused": sum(len(held) - 1 for held in holds.of.values()),
        "repeated": sum(len(call.operations) > 1 for call in holds.calls),
        "unknown": sum(call.unknown for call in holds.calls),
        "notes": len(history.notes),
    }


def _asked(o: Operation) -> str:
    return f"{o.owner} asking {o.pool} for {o.address or o.count}"


def _list(o: Operation) -> str:
    return ",".join(o.addresses)


def _tell(hold: Hold) -> str:
    until = "for ever" if hold.released_from == math.inf else f"to {hold.released_from:.3f}"
    return f"{hold.owner}'s from {hold.invoked:.3f}..{hold.acknowledged:.3f} {until}"
