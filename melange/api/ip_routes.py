"""Static routes of a block."""

from __future__ import annotations

from melange.api import etags, pages
from melange.api.ip_blocks import TEXT
from melange.api.row import Row, body, fields, list_query
from melange.ipam import blocks, routes, shapes
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result

_COLLECTION = "/ipam/tenants/{tenant_id}/ip_blocks/{block_id}/ip_routes"
_MEMBER = f"{_COLLECTION}/{{route_id}}"

_BODY = body("ip_route", {"destination": TEXT, "netmask": TEXT, "gateway": TEXT})


def index(request: Request, unit: Unit, tenant_id: str, block_id: str) -> Result:
    block = blocks.get(unit, block_id, tenant_id)
    found = routes.of_block(unit, block.id, pages.window(request))
    return 200, request.page.collection("ip_routes", [shapes.ip_route(one) for one in found])


def create(request: Request, unit: Unit, tenant_id: str, block_id: str) -> Result:
    block = blocks.get(unit, block_id, tenant_id)
    made = routes.create(unit, block, fields(request, "ip_route"))
    return 201, {"ip_route": shapes.ip_route(made)}


def show(request: Request, unit: Unit, tenant_id: str, block_id: str, route_id: str) -> Result:
    block = blocks.get(unit, block_id, tenant_id)
    return 200, {"ip_route": shapes.ip_route(routes.get(unit, block, route_id))}


def update(request: Request, unit: Unit, tenant_id: str, block_id: str, route_id: str) -> Result:
    block = blocks.get(unit, block_id, tenant_id)
    route = routes.get(unit, block, route_id, lock=True)
    etags.require_match(request, shapes.ip_route(route))
    after = routes.update(unit, block, route, fields(request, "ip_route"))
    return 200, {"ip_route": shapes.ip_route(after)}


def delete(request: Request, unit: Unit, tenant_id: str, block_id: str, route_id: str) -> Result:
    block = blocks.get(unit, block_id, tenant_id)
    route = routes.get(unit, block, route_id, lock=True)
    etags.require_match(request, shapes.ip_route(route))
    routes.delete(unit, block, route)
    return 200, None


ROUTES = [
    Row("GET", _COLLECTION, index, "ip_routes:list", query=list_query()),
    Row("POST", _COLLECTION, create, "ip_routes:create", body=_BODY),
    Row("GET", _MEMBER, show, "ip_routes:show"),
    Row("PUT", _MEMBER, update, "ip_routes:update", body=_BODY),
    Row("DELETE", _MEMBER, delete, "ip_routes:delete"),
]
