"""Addresses in use, whoever's block they are of."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from melange.api import pages
from melange.api.fieldtypes import TEXT, VERSION
from melange.api.row import Row, Schema, list_query
from melange.db.tables import ip_addresses
from melange.ipam import addresses, searching, shapes
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result

FILTERS: dict[str, Schema] = {
    "address": TEXT,
    "version": VERSION,
    "within": TEXT,
    "interface_id": TEXT,
    "used_by_device": TEXT,
    "used_by_tenant": TEXT,
    "network_id": TEXT,
    "tags": TEXT,
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
    found = searching.page(unit, query, pages.window(request))
    return request.page.collection("ip_addresses", [shapes.ip_address(one) for one in found])


_QUERY = list_query(**FILTERS, ip_block_id=TEXT)

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
