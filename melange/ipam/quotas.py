"""The most a tenant may have."""

from __future__ import annotations

import sqlalchemy as sa

from melange import errors
from melange.db.tables import interfaces, ip_blocks, quotas
from melange.ipam import usage
from melange.ipam.unit import Unit


def require(unit: Unit, tenant_id: str, resource: str, count: int) -> None:
    """Raises OverQuota when the tenant may not have that many more."""
    limit = limit_of(unit, tenant_id, resource)
    if limit is None:
        return
    used = _used(unit, tenant_id, resource)
    if used + count > limit:
        raise errors.OverQuota(
            field="tenant_id",
            value=tenant_id,
            limit=limit,
            resource=resource,
            used=used,
            wanted=count,
        )


def limit_of(unit: Unit, tenant_id: str, resource: str) -> int | None:
    """The tenant's own limit, or the configured one; None: no limit.

    A tenant's own limit is locked, so that what is counted stays true until the commit.
    """
    c = quotas.c
    query = sa.select(c.limit).where(c.tenant_id == tenant_id, c.resource == resource)
    own = unit.connection.scalar(query.with_for_update())
    limit = unit.settings.quotas.get(resource) if own is None else own
    return None if limit is None or limit < 0 else int(limit)


def _used(unit: Unit, tenant_id: str, resource: str) -> int:
    if resource == "ip_addresses":
        return usage.of_tenant(unit.connection, tenant_id).allocated
    table = {"ip_blocks": ip_blocks, "interfaces": interfaces}[resource]
    query = sa.select(sa.func.count()).where(table.c.tenant_id == tenant_id)
    return unit.connection.scalar(query) or 0
