"""The end: what the service says that it holds, against what the clients were told."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator

from tools.ipamcheck.history import History, Operation
from tools.ipamcheck.holds import Hold, Holds
from tools.ipamcheck.violations import Violation

Place = tuple[str, str]
"""A pool and an address of it."""


def violations(history: History, holds: Holds) -> Iterator[Violation]:
    if history.end == math.inf:
        yield Violation("bad_history", "the history has no end: nothing is known of what is left")
        return
    listed = Counter((pool, address) for pool, address, _ in history.final)
    for (pool, address), times in listed.items():
        if times > 1:
            yield Violation("two_owners", f"{pool} {address} is listed {times} times in the end")
    owners = {(pool, address): owner for pool, address, owner in history.final}
    yield from _lost(holds, owners)
    yield from _unexplained(history, holds, owners)


def _lost(holds: Holds, owners: dict[Place, str | None]) -> Iterator[Violation]:
    for hold in holds:
        if hold.released_from < math.inf:
            continue
        owner = owners.get((hold.pool, hold.address))
        if owner != hold.owner:
            kind = "lost" if owner is None else "two_owners"
            text = f"{hold.pool} {hold.address} was given to {hold.owner}"
            whose = "nobody's" if owner is None else f"{owner}'s"
            yield Violation(kind, f"{text} at {hold.acknowledged:.3f} and is {whose} in the end")


def _unexplained(
    history: History, holds: Holds, owners: dict[Place, str | None]
) -> Iterator[Violation]:
    """Addresses in the end that only a call of unknown outcome can explain, or none can."""
    pending: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for (pool, address), owner in owners.items():
        held = holds.of.get((pool, address), [])
        if owner is not None and not any(_kept(hold, owner) for hold in held):
            pending[pool, owner].append(address)
    unknown: defaultdict[tuple[str, str], list[Operation]] = defaultdict(list)
    for call in holds.calls:
        if call.unknown:
            unknown[call.first.pool, call.first.owner].append(call.first)
    for (pool, owner), addresses in pending.items():
        explained, strays = _explain(addresses, unknown[pool, owner])
        for address in explained:
            yield from _rested(history, holds.of.get((pool, address), []))
        for address in strays:
            yield _stray(holds, pool, address, owner)


def _kept(hold: Hold, owner: str) -> bool:
    """Nobody was told that it was given back."""
    return hold.owner == owner and hold.released_by == math.inf


def _explain(addresses: list[str], unknown: list[Operation]) -> tuple[list[str], list[str]]:
    """Which of an owner's addresses its unknown calls explain, and which they don't.

    A call has given all that it asked for, or nothing.
    """
    named = {o.address for o in unknown if o.address is not None}
    explained = [address for address in addresses if address in named]
    rest = [address for address in addresses if address not in named]
    sums = {0}
    for o in unknown:
        if o.address is None:
            sums |= {total + o.count for total in sums}
    if len(rest) in sums:
        return addresses, []
    return explained, rest


def _rested(history: History, held: list[Hold]) -> Iterator[Violation]:
    for hold in held:
        pool = history.pools.get(hold.pool)
        rest = pool.rest if pool else 0.0
        if hold.released_from < math.inf and hold.released_from + rest > history.end:
            text = (
                f"{hold.pool} {hold.address}, released by {hold.owner}, was given away in the end"
            )
            yield Violation("rest_cut_short", text)


def _stray(holds: Holds, pool: str, address: str, owner: str) -> Violation:
    former = [h for h in holds.of.get((pool, address), []) if h.owner == owner]
    if former:
        when = f"released by {owner} at {former[-1].released_by:.3f}"
        return Violation("release_lost", f"{pool} {address}, {when}, is still {owner}'s")
    text = f"{pool} {address} is {owner}'s in the end, who has no answer that says so"
    return Violation("stray", text)
