"""Addresses in use, whoever's block they are of."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from melange.api.row import Row, Schema, list_query
from melange.db.tables import ip_addresses
from melange.ipam import addresses, searching, shapes
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result

_TEXT: Schema = {"type": "string", "maxLength": 255}

FILTERS: dict[str, Schema] = {
    "address": _TEXT,
    "within": _TEXT,
    "interface_id": _TEXT,
    "used_by_device": _TEXT,
    "used_by_tenant": _TEXT,
    "network_id": _TEXT,
    "tags": _TEXT,
}
"""Of each list of addresses."""


def index(request: Request, unit: Unit) -> Result:
    return _list(request, unit, addresses.select())


def index_of_tenant(request: Request, unit: Unit, tenant_id: str) -> Result:
    mine = ip_addresses.c.used_by_tenant_id == tenant_id
    return _list(request, unit, addresses.select().where(mine))


def _list(request: Request, unit: Unit, query: sa.Select[Any]) -> Result:
    in_use = query.where(ip_addresses.c.deallocated_at.is_(None))
    return 200, page(request, unit, searching.narrowed(in_use, request.params))


def page(request: Request, unit: Unit, query: sa.Select[Any]) -> dict[str, Any]:
    """The body with the page of the query that the request asks for."""
    asked = request.page
    found = searching.page(unit, query, after=asked.marker, limit=asked.limit + 1)
    return asked.collection("ip_addresses", [shapes.ip_address(one) for one in found])


_QUERY = list_query(**FILTERS, ip_block_id=_TEXT)

ROUTES = [
    Row(
        "GET",
        "/ipam/allocated_ip_addresses",
        index,
        "allocated_ip_addresses:list_all",
        query=_QUERY,
        kind="C",
    ),
    Row(
        "GET",
        "/ipam/tenants/{tenant_id}/allocated_ip_addresses",
        index_of_tenant,
        "allocated_ip_addresses:list",
        query=_QUERY,
        kind="C",
    ),
]
