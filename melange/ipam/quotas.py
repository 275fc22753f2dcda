"""The most a tenant may have.

A tenant's limit is its own row or else the configured one. Who adds to what is limited locks the
row first, so that rivals cannot go over the limit together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import sqlalchemy as sa

from melange import errors
from melange.db.tables import interfaces, ip_blocks, quotas
from melange.ipam import usage
from melange.ipam.unit import Unit
from netkit.upsert import insert_or_get

RESOURCES = ("ip_blocks", "ip_addresses", "interfaces")


class Quota(NamedTuple):
    """``limit`` None: any number."""

    limit: int | None
    used: int


def require(unit: Unit, tenant_id: str, resource: str, count: int) -> None:
    """Raises OverQuota when the tenant may not have that many more.

    Until the commit nobody else adds to what the tenant has, if it is limited at all.
    """
    own = _own(unit, tenant_id).get(resource)
    if _effective(unit, resource, own) is None:
        return
    limit = _effective(unit, resource, _lock(unit, tenant_id, resource))
    used = _used(unit, tenant_id, resource)
    if limit is not None and used + count > limit:
        raise errors.OverQuota(
            field="tenant_id",
            value=tenant_id,
            limit=limit,
            resource=resource,
            used=used,
            wanted=count,
        )


def of_tenant(unit: Unit, tenant_id: str) -> dict[str, Quota]:
    """By resource."""
    own = _own(unit, tenant_id)
    return {
        resource: Quota(
            _effective(unit, resource, own.get(resource)), _used(unit, tenant_id, resource)
        )
        for resource in RESOURCES
    }


def set_limits(unit: Unit, tenant_id: str, limits: Mapping[str, int | None]) -> None:
    """Sets limits of the tenant's own, by resource; -1: any number, None: as configured.

    A limit below what the tenant has keeps it from getting more.
    """
    wrong = {
        name: f"{name} should be -1 or above"
        for name, limit in limits.items()
        if limit is not None and limit < -1
    }
    if wrong:
        raise errors.Invalid(wrong)
    before = _limits(unit, tenant_id)
    c = quotas.c
    for resource, limit in sorted(limits.items()):
        _lock(unit, tenant_id, resource)
        here = sa.and_(c.tenant_id == tenant_id, c.resource == resource)
        values = {"limit": limit, "updated_at": unit.now}
        unit.connection.execute(quotas.update().where(here).values(values))
    after = _limits(unit, tenant_id)
    if after != before:
        unit.record("update", "quota", tenant_id, tenant_id, before, after)


def lock(unit: Unit, tenant_id: str) -> None:
    """Until the commit nobody else sets a limit of the tenant."""
    for resource in sorted(RESOURCES):
        _lock(unit, tenant_id, resource)


def _limits(unit: Unit, tenant_id: str) -> dict[str, int | None]:
    own = _own(unit, tenant_id)
    return {resource: own.get(resource) for resource in RESOURCES}


# Made once: making a statement costs as much as asking.
_OWN = sa.select(quotas.c.resource, quotas.c.limit).where(
    quotas.c.tenant_id == sa.bindparam("of_tenant")
)


def _own(unit: Unit, tenant_id: str) -> dict[str, int | None]:
    rows = unit.connection.execute(_OWN, {"of_tenant": tenant_id})
    return {row.resource: row.limit for row in rows}


def _lock(unit: Unit, tenant_id: str, resource: str) -> int | None:
    """The tenant's own limit; its row, made if need be, is locked."""
    values = {
        "tenant_id": tenant_id,
        "resource": resource,
        "limit": None,
        "created_at": unit.now,
        "updated_at": unit.now,
    }
    row = insert_or_get(unit.connection, quotas, ["tenant_id", "resource"], values)
    limit: int | None = row.limit
    return limit


def _effective(unit: Unit, resource: str, own: int | None) -> int | None:
    limit = unit.settings.quotas.get(resource) if own is None else own
    return None if limit is None or limit < 0 else int(limit)


def _used(unit: Unit, tenant_id: str, resource: str) -> int:
    if resource == "ip_addresses":
        return usage.of_tenant(unit.connection, tenant_id).allocated
    if resource == "ip_blocks":
        where = ip_blocks.c.tenant_id == tenant_id
        return unit.connection.scalar(sa.select(sa.func.count()).where(where)) or 0
    c = interfaces.c
    # The nameless one is not the tenant's doing.
    named = sa.and_(c.tenant_id == tenant_id, c.anonymous_tenant.is_(None))
    return unit.connection.scalar(sa.select(sa.func.count()).where(named)) or 0
