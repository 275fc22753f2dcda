"""Compares what netstack knows with what Melange and layer 2 have, and names every leak and every
contradiction.

A leak is ours (our tag or name is on it) and belongs to nothing we know of. It is taken away only
when an audit has seen it some time ago, it still is one, and it is as it was seen. What has no name
of ours is nobody's leak, whatever it looks like.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from netkit.errors import ServiceError
from nova_netplugins.ethernet.rows import utcnow
from nova_netplugins.netstack import suspects
from nova_netplugins.netstack.audit import contradictions, leaks
from nova_netplugins.netstack.audit.findings import Finding, Mend
from nova_netplugins.netstack.audit.kept import Kept
from nova_netplugins.netstack.audit.mending import mend
from nova_netplugins.netstack.audit.reclaim import reclaim
from nova_netplugins.netstack.audit.seen import Seen, look
from nova_netplugins.netstack.base import Operations

LOG = logging.getLogger(__name__)

RULES: Sequence[Callable[[Seen], Iterator[Finding]]] = (
    leaks.intents,
    leaks.ports,
    leaks.interfaces,
    leaks.l2_networks,
    leaks.blocks,
    leaks.associations,
    leaks.halves,
    contradictions.associations,
    contradictions.interfaces,
    contradictions.ports,
    contradictions.duplicates,
    contradictions.networks,
)


@dataclass(frozen=True)
class Told:
    """``first_seen``: of a leak, by an audit. ``note``: what became of it, or why nothing did."""

    finding: Finding
    first_seen: datetime.datetime | None = None
    repaired: bool = False
    note: str = ""


def audit(operations: Operations, *, repair: bool = False) -> Sequence[Told]:
    """What is wrong; with ``repair``, what became of it. Without, nothing changes but the note of
    when what was seen first.

    Raises what Melange and layer 2 do when they do not answer: then nothing is known, or repaired.
    """
    found = compare(look(operations))
    leaking = {_key(one): {"why": one.why} for one in found if one.kind.mend is Mend.RECLAIM}
    since = operations.run(suspects.see, leaking)
    told = [Told(one, since.get(_key(one))) for one in found]
    return [_repaired(operations, one) for one in told] if repair else told


def compare(seen: Seen) -> list[Finding]:
    """What is wrong with it."""
    return [finding for rule in RULES for finding in rule(seen)]


def _repaired(operations: Operations, told: Told) -> Told:
    finding = told.finding
    try:
        if told.first_seen is None:
            note = mend(operations, finding)
        else:
            _require_due(operations, told.first_seen)
            note = reclaim(operations, finding)
            operations.run(suspects.forget, [_key(finding)])
    except Kept as kept:
        return Told(finding, told.first_seen, False, str(kept))
    except ServiceError as error:
        return Told(finding, told.first_seen, False, f"it failed: {error}")
    LOG.info("%s %s: %s", finding.kind.name, finding.id, note)
    return Told(finding, told.first_seen, True, note)


def _require_due(operations: Operations, first_seen: datetime.datetime) -> None:
    wait = operations.options.reclaim_after
    due = first_seen + datetime.timedelta(seconds=wait)
    if utcnow() < due:
        raise Kept(f"it was seen too lately: not before {due:%Y-%m-%dT%H:%M:%S}")


def _key(finding: Finding) -> suspects.Key:
    return finding.kind.name, finding.id
