"""How much tenants may have: for administrators to set, for tenants to see."""

from __future__ import annotations

from typing import Any

from melange.api import etags
from melange.api.row import Row, Schema, body, fields
from melange.ipam import quotas
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result

_PATH = "/ipam/quotas/{tenant_id}"

_NUMBER: Schema = {"type": ["integer", "null"], "minimum": -1, "maximum": 2**63 - 1}
_LIMIT: Schema = {
    "type": ["object", "integer", "null"],
    "minimum": -1,
    "maximum": 2**63 - 1,
    "properties": {"limit": _NUMBER},
}


def shape(found: dict[str, quotas.Quota]) -> dict[str, Any]:
    """``limit`` null: any number."""
    return {name: {"limit": one.limit, "used": one.used} for name, one in found.items()}


def show(request: Request, unit: Unit, tenant_id: str) -> Result:
    return 200, {"quota": shape(quotas.of_tenant(unit, tenant_id))}


def update(request: Request, unit: Unit, tenant_id: str) -> Result:
    """Takes limits as numbers or as a GET shows them. -1: any number; null: as configured."""
    quotas.lock(unit, tenant_id)
    etags.require_match(request, shape(quotas.of_tenant(unit, tenant_id)))
    given = fields(request, "quota")
    limits = {name: _limit(given[name]) for name in quotas.RESOURCES if name in given}
    quotas.set_limits(unit, tenant_id, limits)
    return 200, {"quota": shape(quotas.of_tenant(unit, tenant_id))}


def delete(request: Request, unit: Unit, tenant_id: str) -> Result:
    """From now on as configured."""
    quotas.lock(unit, tenant_id)
    etags.require_match(request, shape(quotas.of_tenant(unit, tenant_id)))
    quotas.set_limits(unit, tenant_id, dict.fromkeys(quotas.RESOURCES))
    return 200, None


def _limit(given: dict[str, int | None] | int | None) -> int | None:
    return given.get("limit") if isinstance(given, dict) else given


_UPDATE = body("quota", dict.fromkeys(quotas.RESOURCES, _LIMIT))

ROUTES = [
    Row("GET", _PATH, show, "quotas:show"),
    Row("PUT", _PATH, update, "quotas:update", body=_UPDATE),
    Row("DELETE", _PATH, delete, "quotas:delete"),
    Row("GET", "/ipam/tenants/{tenant_id}/quota", show, "quota:show", kind="C"),
]
