"""Idempotency-Key: a POST that is sent again gets the answer that the first one got.

The answer is kept in the transaction of the work itself, so that there is the one if and only if
there is the other. A call that fails leaves nothing: its key is as good as new.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import random
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from melange.db.service_tables import idempotency_keys
from melange.errors import IdempotencyKeyReused
from melange.ipam import express, shapes
from melange.ipam.express import Key
from melange.ipam.unit import Unit
from netkit.context import RequestContext
from netkit.errors import BadRequest
from netkit.upsert import insert_or_get
from netkit.wsgi.request import Reply, Request

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST = 255

PURGE_CHANCE = 0.2
PURGE_BATCH = 1000
"""One new key in five clears away at most so many old ones..."""

LEAVE_EXPRESS = 0.01
"""...and of those that the express way could keep, this share goes the general way to do so."""

_MOMENT = "$moment"

_ANSWER = idempotency_keys.update().where(idempotency_keys.c.id == sa.bindparam("of_id"))
"""Made once, because each call needs it."""


def key_of(request: Request) -> str | None:
    """The key that a POST came with; None for other methods. Raises BadRequest."""
    key: str | None = request.http.environ.get("HTTP_IDEMPOTENCY_KEY")
    if key is None or request.http.method != "POST":
        return None
    if not 0 < len(key) <= LONGEST:
        raise BadRequest(
            f"{HEADER} has {len(key)} characters; give 1 to {LONGEST}", field=HEADER, value=key
        )
    return key


def once(unit: Unit, request: Request, do: Callable[[], Reply]) -> Reply:
    """What ``do`` answers or, if this caller's call with this key was answered before, what that
    answer was. A rival with the same key is waited for.

    Raises IdempotencyKeyReused when the key came with another method, path, query or body.
    """
    key = key_of(request)
    if key is None:
        return do()
    row_id, fingerprint = _id(request.context, key), _fingerprint(request)
    row = _enter(unit, row_id, fingerprint)
    if row.status is not None:
        if row.fingerprint != fingerprint:
            raise IdempotencyKeyReused(field=HEADER, value=key)
        headers = {**json.loads(row.headers), REPLAYED: "true"}
        return Reply(row.status, _body(row.body), headers)
    reply = do()
    values = {
        "of_id": row_id,
        "status": int(reply.status),
        "headers": json.dumps(dict(reply.headers)),
        "body": _text(reply.body),
    }
    unit.connection.execute(_ANSWER, values)
    if random.random() < PURGE_CHANCE:
        purge(unit, PURGE_BATCH)
    return reply


def leaves_express(request: Request) -> bool:
    """Whether this call has a key, and goes the general way by chance. Raises BadRequest."""
    return key_of(request) is not None and random.random() < LEAVE_EXPRESS


def entry_of(request: Request) -> Key | None:
    """The key of a POST for the express way, which keeps the answer itself. Raises BadRequest."""
    key = key_of(request)
    if key is None:
        return None
    return Key(_id(request.context, key), _fingerprint(request))


def purge(unit: Unit, limit: int) -> int:
    """Forgets keys that are too old to be known, at most so many; returns how many it were."""
    c = idempotency_keys.c
    old = sa.select(c.id).where(c.created_at < _oldest(unit)).order_by(c.created_at).limit(limit)
    ids = list(unit.connection.scalars(old.with_for_update(skip_locked=True)))
    if ids:
        unit.connection.execute(idempotency_keys.delete().where(c.id.in_(ids)))
    return len(ids)


def _enter(unit: Unit, row_id: str, fingerprint: str) -> sa.Row[Any]:
    """The key's row, ours until the commit. Without status: nobody has answered yet."""
    blank = {
        "fingerprint": fingerprint,
        "status": None,
        "headers": None,
        "body": None,
        "created_at": unit.now,
    }
    row = insert_or_get(unit.connection, idempotency_keys, ["id"], {"id": row_id, **blank})
    if row.created_at >= _oldest(unit):
        return row
    c = idempotency_keys.c
    unit.connection.execute(idempotency_keys.update().where(c.id == row_id).values(blank))
    return unit.connection.execute(sa.select(idempotency_keys).where(c.id == row_id)).one()


def _oldest(unit: Unit) -> datetime.datetime:
    return unit.now - datetime.timedelta(hours=unit.settings.idempotency_hours)


def _id(caller: RequestContext, key: str) -> str:
    """A key means something only together with who gave it."""
    return _digest([caller.project_id, caller.user_id, key])


def _fingerprint(request: Request) -> str:
    http = request.http
    return _digest([http.method, http.path, http.query_string, request.body])


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _text(body: Mapping[str, Any] | None) -> str | None:
    """The body, with the moments in it marked: how they are written depends on the format."""
    return None if body is None else json.dumps(body, default=_marked)


def _marked(value: object) -> object:
    if isinstance(value, datetime.datetime):
        return {_MOMENT: value.isoformat()}
    return str(value)


def _body(text: str | None) -> dict[str, Any] | None:
    found: dict[str, Any] | None = None
    if text is not None:
        found = json.loads(text, object_hook=_unmarked)
    if found is not None and express.KEPT in found:
        found = {"ip_address": shapes.ip_address(express.recalled(found[express.KEPT]))}
    return found


def _unmarked(value: dict[str, Any]) -> object:
    if value.keys() == {_MOMENT}:
        return datetime.datetime.fromisoformat(value[_MOMENT])
    return value
