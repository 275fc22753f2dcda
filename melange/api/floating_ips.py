"""Floating IPs of a tenant."""

from __future__ import annotations

from typing import Any

from melange.api import etags, pages
from melange.api.fieldtypes import NAME, TEXT, VERSION
from melange.api.row import Row, Schema, body, fields, list_query
from melange.db.tables import ip_addresses
from melange.ipam import floating, searching
from melange.ipam.floating import FloatingIp
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result

_PATH = "/ipam/tenants/{tenant_id}/floating_ips"
_LOCAL: Schema = {
    "type": ["object", "null"],
    "properties": {"ip_block_id": NAME, "address": NAME},
}


def shape(found: FloatingIp) -> dict[str, Any]:
    local = found.inside_local
    return {
        "id": found.id,
        "address": found.address,
        "version": found.version,
        "ip_block_id": found.ip_block_id,
        "tenant_id": found.tenant_id,
        "inside_local": local
        and {
            "ip_block_id": local.ip_block_id,
            "address": local.address,
            "interface_id": local.vif_id,
            "used_by_device": local.device_id,
        },
        "created_at": found.created_at,
        "updated_at": found.updated_at,
    }


def index(request: Request, unit: Unit, tenant_id: str) -> Result:
    query = searching.narrowed(floating.select(tenant_id), request.params)
    found = floating.fetch(unit, pages.window(request).of(query, ip_addresses.c.id))
    return 200, request.page.collection("floating_ips", [shape(one) for one in found])


def create(request: Request, unit: Unit, tenant_id: str) -> Result:
    made = floating.create(unit, tenant_id, fields(request, "floating_ip"))
    return 201, {"floating_ip": shape(made)}


def show(request: Request, unit: Unit, tenant_id: str, floating_ip_id: str) -> Result:
    return 200, {"floating_ip": shape(floating.get(unit, tenant_id, floating_ip_id))}


def update(request: Request, unit: Unit, tenant_id: str, floating_ip_id: str) -> Result:
    found = floating.get(unit, tenant_id, floating_ip_id, lock=True)
    etags.require_match(request, shape(found))
    given = fields(request, "floating_ip")
    if "inside_local" in given:
        found = floating.associate(unit, tenant_id, found, given["inside_local"])
    return 200, {"floating_ip": shape(found)}


def delete(request: Request, unit: Unit, tenant_id: str, floating_ip_id: str) -> Result:
    found = floating.get(unit, tenant_id, floating_ip_id, lock=True)
    etags.require_match(request, shape(found))
    floating.delete(unit, tenant_id, found)
    return 200, None


_CREATE = body("floating_ip", {"ip_block_id": NAME, "address": NAME, "inside_local": _LOCAL})
_UPDATE = body("floating_ip", {"inside_local": _LOCAL})
_FILTERS = ("address", "within", "ip_block_id", "network_id", "tags")
_QUERY = list_query(version=VERSION, **dict.fromkeys(_FILTERS, TEXT))

ROUTES = [
    Row("GET", _PATH, index, "floating_ips:list", query=_QUERY),
    Row("POST", _PATH, create, "floating_ips:create", body=_CREATE),
    Row("GET", f"{_PATH}/{{floating_ip_id}}", show, "floating_ips:show"),
    Row("PUT", f"{_PATH}/{{floating_ip_id}}", update, "floating_ips:update", body=_UPDATE),
    Row("DELETE", f"{_PATH}/{{floating_ip_id}}", delete, "floating_ips:delete"),
]
