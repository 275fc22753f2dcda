"""The audit log: who changed what, when, from what to what."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from melange.db.service_tables import audit_records
from melange.ipam import addressing
from melange.ipam.unit import Unit

FILTERS = ("tenant_id", "resource", "resource_id", "action", "user_id", "request_id")
"""Columns that a search may name."""


def search(
    unit: Unit,
    filters: Mapping[str, str],
    *,
    since: datetime.datetime | None = None,
    until: datetime.datetime | None = None,
    after: int | None = None,
    newest_first: bool = False,
    limit: int,
) -> list[dict[str, Any]]:
    """Records as the API shows them, in the order of their ids, from the one after ``after`` on.

    ``since`` is included, ``until`` is not; both naive, in UTC.
    """
    c = audit_records.c
    query = sa.select(audit_records).limit(limit)
    for name in FILTERS:
        if name in filters:
            query = query.where(c[name] == filters[name])
    if since is not None:
        query = query.where(c.at >= since)
    if until is not None:
        query = query.where(c.at < until)
    if after is not None:
        query = query.where(c.id < after if newest_first else c.id > after)
    query = query.order_by(c.id.desc() if newest_first else c.id)
    return [_shape(row) for row in unit.connection.execute(query)]


def purge(unit: Unit, limit: int = 1000) -> int:
    """Forgets records older than the configuration keeps them, at most so many; how many."""
    days = unit.settings.audit_keep_days
    if not days:
        return 0
    c = audit_records.c
    oldest = unit.now - datetime.timedelta(days=days)
    old = sa.select(c.id).where(c.at < oldest).order_by(c.at).limit(limit)
    ids = list(unit.connection.scalars(old))
    if ids:
        unit.connection.execute(audit_records.delete().where(c.id.in_(ids)))
    return len(ids)


def _shape(row: sa.Row[Any]) -> dict[str, Any]:
    shown = dict(row._mapping)
    for name in ("before", "after"):
        shown[name] = None if shown[name] is None else _spelt(json.loads(shown[name]))
    return shown


def _spelt(kept: dict[str, Any]) -> dict[str, Any]:
    """An object of which an express allocation could keep no more than the address's number."""
    if "value" in kept and "ip_block_id" in kept and "address" not in kept:
        value = int(kept.pop("value"))
        # No IPv6 block that is in use lies where IPv4's numbers are (RFC 4291, 2.5.5.1).
        version = 4 if value < 2**32 else 6
        kept |= {"address": addressing.address_text(version, value), "version": version}
    return kept
