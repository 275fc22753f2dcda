"""One transaction for one caller, and what is told about it afterwards."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from melange.db.service_tables import audit_records
from melange.ipam.settings import Settings
from netkit import jsonwriting
from netkit.context import RequestContext
from netkit.rows import insert_all


@dataclass(frozen=True)
class Record:
    """A change: for the audit log and for whoever listens to events.

    ``before`` and ``after``: the object as JSON shows it; None before it was made and after it was
    deleted.
    """

    action: str
    resource: str
    resource_id: str
    tenant_id: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass
class Unit:
    """What every function of the domain takes first. ``now``: a naive datetime in UTC."""

    connection: sa.Connection
    caller: RequestContext
    settings: Settings
    now: datetime.datetime
    records: list[Record] = field(default_factory=list)

    def record(
        self,
        action: str,
        resource: str,
        resource_id: str,
        tenant_id: str | None,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Notes a change. It becomes an audit record in this transaction, an event after it."""
        self.records.append(Record(action, resource, resource_id, tenant_id, before, after))

    def write_audit(self) -> None:
        """Called once, at the end of the transaction."""
        if self.settings.audit and self.records:
            rows = [audit_row(record, self.caller, self.now) for record in self.records]
            insert_all(self.connection, audit_records, rows)


def audit_row(record: Record, caller: RequestContext, now: datetime.datetime) -> dict[str, Any]:
    return {
        "at": now,
        "request_id": caller.request_id,
        "user_id": caller.user_id,
        "caller_tenant_id": caller.project_id,
        "tenant_id": record.tenant_id,
        "action": record.action,
        "resource": record.resource,
        "resource_id": record.resource_id,
        "before": _text(record.before),
        "after": _text(record.after),
    }


def utcnow() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


def _text(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else _encode(value).decode()


_encode = jsonwriting.encoder(str)
