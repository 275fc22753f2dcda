"""Inside globals of a local address, inside locals of a global one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from melange import errors
from melange.api import etags, pages
from melange.api.allocated_ip_addresses import FILTERS
from melange.api.fieldtypes import NAME, TEXT
from melange.api.row import Row, Schema, list_query
from melange.db.tables import ip_addresses
from melange.ipam import addresses, blocks, nat, searching, shapes
from melange.ipam.addresses import Address
from melange.ipam.nat import Side
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result

_BODY: Schema = {
    "type": "object",
    "properties": {
        "ip_addresses": {
            "type": ["array", "null"],
            "maxItems": 1024,
            "items": {
                "type": "object",
                "properties": {"ip_block_id": NAME, "ip_address": NAME},
            },
        }
    },
}


_INDEX = list_query(**FILTERS, ip_block_id=TEXT)


def _index(side: Side) -> Callable[..., Result]:
    def index(request: Request, unit: Unit, tenant_id: str, block_id: str, address: str) -> Result:
        own = _own(unit, tenant_id, block_id, address)
        query = searching.narrowed(nat.linked(own, side), request.params)
        found = searching.page(unit, query, pages.window(request))
        shown = [shapes.ip_address(one) for one in found[: request.page.limit]]
        return etags.with_state({"ip_addresses": shown}, _state(unit, own, side))

    return index


def _create(side: Side) -> Callable[..., Result]:
    def create(request: Request, unit: Unit, tenant_id: str, block_id: str, address: str) -> Result:
        own = _own(unit, tenant_id, block_id, address, lock=True)
        references = request.body.get("ip_addresses")
        if not references:
            raise errors.Invalid({"ip_addresses": "ip_addresses should be present"})
        nat.link(unit, own, nat.resolve(unit, tenant_id, references), side)
        return 200, None

    return create


def _delete(side: Side) -> Callable[..., Result]:
    def delete(
        request: Request,
        unit: Unit,
        tenant_id: str,
        block_id: str,
        address: str,
        other: str | None = None,
    ) -> Result:
        """`If-Match`: of the list."""
        own = _own(unit, tenant_id, block_id, address, lock=True)
        if etags.has_condition(request):
            nat.lock_links(unit, own, side)
            etags.require_match(request, _state(unit, own, side))
        nat.unlink(unit, own, side, other)
        return 200, None

    return delete


def _state(unit: Unit, own: Address, side: Side) -> list[dict[str, Any]]:
    query = nat.linked(own, side).order_by(ip_addresses.c.id)
    return [shapes.ip_address(one) for one in addresses.fetch(unit, query)]


def _own(unit: Unit, tenant_id: str, block_id: str, address: str, *, lock: bool = False) -> Address:
    block = blocks.get(unit, block_id, tenant_id)
    return addresses.get(unit, block, address, lock=lock)


def _rows(side: Side) -> list[Row]:
    noun = side.noun
    path = f"/ipam/tenants/{{tenant_id}}/ip_blocks/{{block_id}}/ip_addresses/{{address}}/{noun}"
    delete = _delete(side)
    return [
        Row("GET", path, _index(side), f"{noun}:list", query=_INDEX, kind="C"),
        Row("POST", path, _create(side), f"{noun}:create", body=_BODY, kind="C"),
        Row("DELETE", path, delete, f"{noun}:delete", kind="C"),
        Row("DELETE", f"{path}/{{other}}", delete, f"{noun}:delete", kind="C"),
    ]


ROUTES = [row for side in Side for row in _rows(side)]
