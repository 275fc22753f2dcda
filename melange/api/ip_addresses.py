"""The addresses of a block."""

from __future__ import annotations

from typing import Any

from melange import errors
from melange.api import etags, idempotency
from melange.api.allocated_ip_addresses import FILTERS, page
from melange.api.fieldtypes import NAME, TAGS, TEXT
from melange.api.row import Row, Schema, fields, list_query
from melange.db.tables import ip_addresses
from melange.ipam import addresses, blocks, express, giving, quarantine, quotas, searching, shapes
from melange.ipam.express import finding
from melange.ipam.settings import Settings
from melange.ipam.unit import Unit
from netkit.db import Database
from netkit.wsgi import Reply, Request, Result

_PATH = "/ipam/tenants/{tenant_id}/ip_blocks/{block_id}/ip_addresses"
_COUNT: Schema = {"type": ["integer", "null"], "minimum": 1, "maximum": giving.MOST}


def index(request: Request, unit: Unit, tenant_id: str, block_id: str) -> Result:
    """Released ones in quarantine are among them."""
    block = blocks.get(unit, block_id, tenant_id)
    query = addresses.select().where(ip_addresses.c.ip_block_id == block.id)
    return 200, page(request, unit, searching.narrowed(query, request.params))


def create(request: Request, unit: Unit, tenant_id: str, block_id: str) -> Result:
    """One; or with ``count`` or a list, several."""
    block = blocks.get(unit, block_id, tenant_id)
    wanted = request.body.get("ip_addresses")
    if wanted is not None:
        made = giving.give_all(unit, block, wanted)
        return 201, {"ip_addresses": [shapes.ip_address(one) for one in made]}
    given = dict(fields(request, "ip_address"))
    count = given.pop("count", None)
    if given.get("address") and (count or 1) > 1:
        raise errors.Invalid({"count": "count should be 1 where an address is given"}, count)
    made = giving.give(unit, block, given, count or 1)
    if count is not None:
        return 201, {"ip_addresses": [shapes.ip_address(one) for one in made]}
    return 201, {"ip_address": shapes.ip_address(made[0])}


def create_quickly(
    request: Request, database: Database, settings: Settings, tenant_id: str, block_id: str
) -> Reply | None:
    """The next address for the tenant itself, by one statement; None where ``create`` has to look
    closer.
    """
    given = fields(request, "ip_address")
    if "ip_addresses" in request.body or not given.keys() <= {"interface_id"}:
        return None
    vif_id = given.get("interface_id") or None
    key = idempotency.entry_of(request)
    made = express.allocate(database, request.context, settings, block_id, tenant_id, vif_id, key)
    return None if made is None else Reply(201, {"ip_address": shapes.ip_address(made)})


def show(request: Request, unit: Unit, tenant_id: str, block_id: str, address: str) -> Result:
    block = blocks.get(unit, block_id, tenant_id)
    return 200, {"ip_address": shapes.ip_address(addresses.get(unit, block, address))}


def show_quickly(
    request: Request,
    database: Database,
    settings: Settings,
    tenant_id: str,
    block_id: str,
    address: str,
) -> Reply | None:
    """None where ``show`` has to find out what is missing."""
    found = finding.find(database, tenant_id, block_id, address)
    return None if found is None else Reply(200, {"ip_address": shapes.ip_address(found)})


def delete(request: Request, unit: Unit, tenant_id: str, block_id: str, address: str) -> Result:
    block = blocks.get(unit, block_id, tenant_id)
    found = addresses.get(unit, block, address, lock=True)
    etags.require_match(request, shapes.ip_address(found))
    quarantine.release(unit, block, found)
    return 200, None


def restore(request: Request, unit: Unit, tenant_id: str, block_id: str, address: str) -> Result:
    block = blocks.get(unit, block_id, tenant_id)
    found = addresses.get(unit, block, address, lock=True)
    etags.require_match(request, shapes.ip_address(found))
    if not found.allocated and found.used_by_tenant_id is not None:
        quotas.require(unit, found.used_by_tenant_id, "ip_addresses", 1)
    quarantine.restore(unit, found)
    return 200, None


_FIELDS: dict[str, Schema] = {
    "address": NAME,
    "interface_id": NAME,
    "tenant_id": NAME,
    "used_by_device": NAME,
    "mac_address": NAME,
    "allowed_interfaces": {
        "type": ["array", "null"],
        "items": TEXT,
        "maxItems": 64,
    },
    "tags": TAGS,
}
_CREATE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "ip_address": {"type": "object", "properties": {**_FIELDS, "count": _COUNT}},
        "ip_addresses": {
            "type": "array",
            "maxItems": giving.MOST,
            "items": {"type": "object", "properties": _FIELDS},
        },
    },
}

ROUTES = [
    Row(
        "GET",
        _PATH,
        index,
        "ip_addresses:list",
        query=list_query(**FILTERS, state={"type": "string", "enum": list(searching.STATES)}),
        kind="C",
    ),
    Row(
        "POST",
        _PATH,
        create,
        "ip_addresses:create",
        body=_CREATE,
        kind="C",
        express=create_quickly,
    ),
    Row(
        "GET",
        f"{_PATH}/{{address}}",
        show,
        "ip_addresses:show",
        kind="C",
        express=show_quickly,
    ),
    Row("DELETE", f"{_PATH}/{{address}}", delete, "ip_addresses:delete", kind="C"),
    Row("PUT", f"{_PATH}/{{address}}/restore", restore, "ip_addresses:restore", kind="C"),
]
