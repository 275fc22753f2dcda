"""For whom a caller may act."""

from __future__ import annotations

from melange import errors
from melange.ipam.unit import Unit


def require_visible(unit: Unit, tenant_id: str) -> None:
    """Raises ForeignTenant for a tenant whose objects the caller may not see."""
    if not unit.caller.sees(tenant_id):
        raise errors.ForeignTenant(field="tenant_id", value=tenant_id)


def require_sharing(unit: Unit) -> None:
    """Raises SharingForbidden for who does not see all tenants: other tenants get floating IPs of
    a shared block without having chosen it.
    """
    if not unit.caller.all_projects:
        raise errors.SharingForbidden(field="shared", value=True)
