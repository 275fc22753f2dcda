"""What nobody here knows of, and since when: ``netstack_suspects``."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from netkit.upsert import insert_or_get
from nova_netplugins.ethernet.rows import utcnow
from nova_netplugins.netstack.tables import SUSPECTS

Key = tuple[str, str]
"""The kind of a finding, and the id of the object."""

_ROLLED_BACK = "rolled back"
_REMEMBERED = datetime.timedelta(days=7)


def rolled_back(connection: sa.Connection, nic_ids: Iterable[str]) -> None:
    """These virtual NICs were never finished. A request whose answer was lost may reach Melange
    after all was undone, and then makes something under one of these ids: it is remembered."""
    for nic_id in nic_ids:
        _note(connection, (_ROLLED_BACK, nic_id), {}, utcnow())


def all_rolled_back(connection: sa.Connection) -> frozenset[str]:
    """The ids of the last week's."""
    c = SUSPECTS.c
    return frozenset(connection.scalars(sa.select(c.object_id).where(c.kind == _ROLLED_BACK)).all())


def see(
    connection: sa.Connection, seen: Mapping[Key, Mapping[str, Any]]
) -> dict[Key, datetime.datetime]:
    """All that an audit sees now, with details. When each was seen first; what was seen before and
    is not now is forgotten."""
    now, c = utcnow(), SUSPECTS.c
    first = {key: _note(connection, key, details, now) for key, details in seen.items()}
    for row in connection.execute(sa.select(SUSPECTS).where(c.kind != _ROLLED_BACK)).all():
        if (row.kind, row.object_id) not in seen:
            forget(connection, [(row.kind, row.object_id)])
    late = sa.and_(c.kind == _ROLLED_BACK, c.first_seen < now - _REMEMBERED)
    connection.execute(SUSPECTS.delete().where(late))
    return first


def forget(connection: sa.Connection, keys: Collection[Key]) -> None:
    c = SUSPECTS.c
    for kind, object_id in keys:
        connection.execute(SUSPECTS.delete().where(c.kind == kind, c.object_id == object_id))


def _note(
    connection: sa.Connection, key: Key, details: Mapping[str, Any], now: datetime.datetime
) -> datetime.datetime:
    kind, object_id = key
    values = {
        "kind": kind,
        "object_id": object_id,
        "details": dict(details),
        "first_seen": now,
        "last_seen": now,
    }
    row = insert_or_get(connection, SUSPECTS, ["kind", "object_id"], values)
    if row.last_seen != now:
        this = sa.and_(SUSPECTS.c.kind == kind, SUSPECTS.c.object_id == object_id)
        connection.execute(SUSPECTS.update().where(this).values(last_seen=now))
    first: datetime.datetime = row.first_seen
    return first
