"""Intents: what somebody is about to do in several steps, written before the first.

An intent is claimed by the worker that does it. While the claim lasts nobody else touches it;
afterwards its worker counts as gone, and whoever claims it next undoes or finishes it. All but
``Claim`` happens within the caller's transaction.
"""

from __future__ import annotations

import datetime
import os
import socket
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from netkit import errors
from nova_netplugins.ethernet.rows import utcnow
from nova_netplugins.netstack.tables import INTENTS

FORWARD = "forward"
BACK = "back"

_ERROR_LENGTH = 2000

# Made once: making a statement costs as much as asking the database.
_HELD = (
    INTENTS.c.id == sa.bindparam("intent_id"),
    INTENTS.c.worker == sa.bindparam("of_worker"),
)
_WRITE = INTENTS.insert()
_CHANGE = INTENTS.update().where(*_HELD)
_FINISH = INTENTS.delete().where(*_HELD)


class ClaimLost(errors.Unavailable):
    """Another worker has taken an intent over, because its own was silent for too long."""

    code = "intent_lost"
    template = (
        "{value} took longer than intent_timeout ({seconds} s) and was taken over; nothing is "
        "left of it, ask again"
    )


@dataclass
class Claim:
    """How long an intent is this worker's. ``ends``: by a clock that nobody sets."""

    seconds: float
    ends: float = field(default_factory=time.monotonic)

    def renewed(self) -> None:
        self.ends = time.monotonic() + self.seconds

    @property
    def is_short(self) -> bool:
        """Less than half is left: time to renew it."""
        return self.ends - time.monotonic() < self.seconds / 2


@dataclass
class Intent:
    """``kind``: one of ``steps.PLANS``. ``document``: all that its steps have to know, JSON
    values."""

    kind: str
    document: dict[str, Any]
    claim: Claim
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    worker: str = field(default_factory=lambda: new_worker())
    direction: str = FORWARD
    attempts: int = 0

    def lost(self) -> ClaimLost:
        return ClaimLost(value=f"{self.kind} {self.id}", seconds=f"{self.claim.seconds:g}")


def new_worker() -> str:
    """A name that tells an operator where work is done, and that nobody else has."""
    return f"{socket.gethostname()[:24]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def write(connection: sa.Connection, intent: Intent) -> None:
    """With its claim, which begins now."""
    now = utcnow()
    intent.claim.renewed()
    values = {
        "id": intent.id,
        "kind": intent.kind,
        "document": intent.document,
        "step": None,
        "direction": intent.direction,
        "worker": intent.worker,
        "claimed_until": now + datetime.timedelta(seconds=intent.claim.seconds),
        "attempts": intent.attempts,
        "created_at": now,
    }
    connection.execute(_WRITE, values)


def hold(connection: sa.Connection, intent: Intent) -> None:
    """Renew the claim, and write down the direction. Raises ClaimLost."""
    now = utcnow()
    values = {
        "direction": intent.direction,
        "claimed_until": now + datetime.timedelta(seconds=intent.claim.seconds),
        "updated_at": now,
    }
    _of_worker(connection, intent, _CHANGE, values)
    intent.claim.renewed()


def give_up(connection: sa.Connection, intent: Intent, step: str, error: Exception) -> None:
    """Others may go on with it from now on. Raises ClaimLost."""
    values = {
        "direction": intent.direction,
        "step": step,
        "error": str(error)[:_ERROR_LENGTH],
        "attempts": intent.attempts + 1,
        "claimed_until": utcnow(),
        "updated_at": utcnow(),
    }
    _of_worker(connection, intent, _CHANGE, values)


def finish(connection: sa.Connection, intent: Intent) -> None:
    """Done, or undone: it goes, in the transaction that makes that visible. Raises ClaimLost."""
    _of_worker(connection, intent, _FINISH, {})


def _of_worker(
    connection: sa.Connection,
    intent: Intent,
    statement: sa.Update | sa.Delete,
    values: dict[str, Any],
) -> None:
    which = {"intent_id": intent.id, "of_worker": intent.worker}
    if connection.execute(statement, {**values, **which}).rowcount == 0:
        raise intent.lost()


def unclaimed(connection: sa.Connection, limit: int) -> Sequence[str]:
    """Ids of intents that nobody works on, those first that have waited longest."""
    c = INTENTS.c
    query = sa.select(c.id).where(c.claimed_until <= utcnow()).order_by(c.claimed_until, c.id)
    return list(connection.scalars(query.limit(limit)))


def claim(connection: sa.Connection, intent_id: str, seconds: float) -> Intent | None:
    """The intent, ours from now on; None: a rival was faster, or it is done."""
    c = INTENTS.c
    worker, now = new_worker(), utcnow()
    values = {
        "worker": worker,
        "claimed_until": now + datetime.timedelta(seconds=seconds),
        "updated_at": now,
    }
    free = INTENTS.update().where(c.id == intent_id, c.claimed_until <= now)
    if connection.execute(free.values(values)).rowcount == 0:
        return None
    row = connection.execute(sa.select(INTENTS).where(c.id == intent_id)).one()
    ours = Claim(seconds)
    ours.renewed()
    return Intent(
        kind=row.kind,
        document=row.document,
        claim=ours,
        id=row.id,
        worker=worker,
        direction=row.direction,
        attempts=row.attempts,
    )
