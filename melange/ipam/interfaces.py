"""Interfaces: what addresses are given to."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from melange import errors
from melange.db.tables import interfaces
from melange.identifiers import new_id
from melange.ipam.unit import Unit
from netkit.upsert import insert_or_get


@dataclass(frozen=True)
class Interface:
    """A row of ``interfaces``. ``vif_id``: the name its maker gave it."""

    id: str
    vif_id: str | None
    tenant_id: str
    anonymous_tenant: str | None
    device_id: str | None
    created_at: datetime.datetime
    updated_at: datetime.datetime

    @property
    def shown_id(self) -> str:
        return self.vif_id or self.id


def of_row(row: sa.Row[Any]) -> Interface:
    return Interface(**row._mapping)


def find(unit: Unit, vif_id: str, tenant_id: str | None = None) -> Interface | None:
    """By the id that its maker gave it or, where it has none, by its own; of any tenant if none is
    given.
    """
    c = interfaces.c
    named = sa.or_(c.vif_id == vif_id, sa.and_(c.vif_id.is_(None), c.id == vif_id))
    query = sa.select(interfaces).where(named)
    if tenant_id is not None:
        query = query.where(c.tenant_id == tenant_id)
    row = unit.connection.execute(query).one_or_none()
    return None if row is None else of_row(row)


def get(unit: Unit, vif_id: str, tenant_id: str | None = None) -> Interface:
    """Raises InterfaceNotFound."""
    found = find(unit, vif_id, tenant_id)
    if found is None:
        raise errors.InterfaceNotFound(vif_id)
    return found


def anonymous(unit: Unit, tenant_id: str) -> Interface:
    """The one interface of a tenant for addresses that are asked for without naming one."""
    c = interfaces.c
    query = sa.select(interfaces).where(c.anonymous_tenant == tenant_id)
    row = unit.connection.execute(query).one_or_none()
    if row is None:
        values = _values(unit, None, tenant_id, None) | {"anonymous_tenant": tenant_id}
        row = insert_or_get(unit.connection, interfaces, ["anonymous_tenant"], values)
    return of_row(row)


def _values(
    unit: Unit, vif_id: str | None, tenant_id: str, device_id: str | None
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "vif_id": vif_id,
        "tenant_id": tenant_id,
        "anonymous_tenant": None,
        "device_id": device_id,
        "created_at": unit.now,
        "updated_at": unit.now,
    }
