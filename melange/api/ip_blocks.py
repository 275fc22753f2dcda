"""IP blocks of a tenant."""

from __future__ import annotations

from typing import Any

from melange.api import etags, pages
from melange.api.fieldtypes import TAGS, VERSION
from melange.api.row import Row, Schema, body, fields, list_query
from melange.ipam import block_lists, blocks, deletion, tags
from melange.ipam.blocks import Block
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result

TEXT: Schema = {"type": ["string", "null"], "maxLength": 255}
PRIORITY: Schema = {"type": ["integer", "null"], "minimum": 0, "maximum": 2**31 - 1}
BOOLEAN: Schema = {"type": ["boolean", "null"]}
_FILTER: Schema = {"type": "string", "maxLength": 255}

_COLLECTION = "/ipam/tenants/{tenant_id}/ip_blocks"
_MEMBER = f"{_COLLECTION}/{{block_id}}"

_LATER = {
    "network_id": TEXT,
    "policy_id": TEXT,
    "gateway": TEXT,
    "dns1": TEXT,
    "dns2": TEXT,
    "priority": PRIORITY,
    "shared": BOOLEAN,
    "tags": TAGS,
}
_CREATE = body("ip_block", {"type": TEXT, "cidr": TEXT, **_LATER})
_UPDATE = body("ip_block", _LATER)
_INDEX = list_query(
    type=_FILTER,
    version=VERSION,
    network_id=_FILTER,
    cidr=_FILTER,
    contains=_FILTER,
    within=_FILTER,
    tags=_FILTER,
)


def index(request: Request, unit: Unit, tenant_id: str) -> Result:
    found = block_lists.of_tenant(unit, tenant_id, request.params, pages.window(request))
    return 200, request.page.collection("ip_blocks", block_lists.shown(unit, found))


def create(request: Request, unit: Unit, tenant_id: str) -> Result:
    given = fields(request, "ip_block")
    block = blocks.create(unit, tenant_id, given)
    if given.get("tags"):
        tags.give(unit, tags.BLOCK, block.id, given["tags"])
    return 201, {"ip_block": _shown(unit, block)}


def show(request: Request, unit: Unit, tenant_id: str, block_id: str) -> Result:
    return 200, {"ip_block": _shown(unit, blocks.get(unit, block_id, tenant_id))}


def update(request: Request, unit: Unit, tenant_id: str, block_id: str) -> Result:
    block = blocks.get(unit, block_id, tenant_id, lock=True)
    before = _shown(unit, block)
    etags.require_match(request, before)
    given = fields(request, "ip_block")
    block = blocks.update(unit, block, given)
    if "tags" in given:
        _tag(unit, block, before["tags"], given["tags"] or [])
    return 200, {"ip_block": _shown(unit, block)}


def delete(request: Request, unit: Unit, tenant_id: str, block_id: str) -> Result:
    block = deletion.lock(unit, block_id, tenant_id)
    etags.require_match(request, _shown(unit, block))
    deletion.delete(unit, block)
    return 200, None


def _shown(unit: Unit, block: Block) -> dict[str, Any]:
    return block_lists.shown(unit, [block])[0]


def _tag(unit: Unit, block: Block, before: list[str], wanted: list[str]) -> None:
    after = tags.replace(unit, tags.BLOCK, block.id, wanted)
    if after != before:
        changed = {"tags": before}, {"tags": after}
        unit.record("update", "ip_block", block.id, block.tenant_id, *changed)


ROUTES = [
    Row("GET", _COLLECTION, index, "ip_blocks:list", query=_INDEX),
    Row("POST", _COLLECTION, create, "ip_blocks:create", body=_CREATE),
    Row("GET", _MEMBER, show, "ip_blocks:show"),
    Row("PUT", _MEMBER, update, "ip_blocks:update", body=_UPDATE),
    Row("DELETE", _MEMBER, delete, "ip_blocks:delete"),
]
