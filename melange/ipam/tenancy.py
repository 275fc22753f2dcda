"""For whom a caller may act."""

from __future__ import annotations

from melange import errors
from melange.ipam.unit import Unit


def require_visible(unit: Unit, tenant_id: str) -> None:
    """Raises ForeignTenant for a tenant whose objects the caller may not see."""
    if not unit.caller.sees(tenant_id):
        raise errors.ForeignTenant(field="tenant_id", value=tenant_id)
