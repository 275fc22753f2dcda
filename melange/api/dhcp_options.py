"""DHCP options of a block."""

from __future__ import annotations

from melange.api import etags
from melange.api.row import Row, Schema, body, fields
from melange.ipam import blocks, dhcp_options, shapes
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result

_COLLECTION = "/ipam/tenants/{tenant_id}/ip_blocks/{block_id}/dhcp_options"
_MEMBER = f"{_COLLECTION}/{{option_id}}"

_NUMBER: Schema = {"type": ["integer", "null"]}
_NAME: Schema = {"type": ["string", "null"], "maxLength": 255}
# Whoever writes the MTU as a number means its digits.
_VALUE: Schema = {"type": ["string", "integer", "null"], "maxLength": 1024}
_BODY = body("dhcp_option", {"number": _NUMBER, "name": _NAME, "value": _VALUE})


def index(request: Request, unit: Unit, tenant_id: str, block_id: str) -> Result:
    block = blocks.get(unit, block_id, tenant_id)
    found = dhcp_options.of_block(unit, block.id)
    return 200, {"dhcp_options": [shapes.dhcp_option(one) for one in found]}


def create(request: Request, unit: Unit, tenant_id: str, block_id: str) -> Result:
    block = blocks.get(unit, block_id, tenant_id)
    made = dhcp_options.create(unit, block, fields(request, "dhcp_option"))
    return 201, {"dhcp_option": shapes.dhcp_option(made)}


def show(request: Request, unit: Unit, tenant_id: str, block_id: str, option_id: str) -> Result:
    block = blocks.get(unit, block_id, tenant_id)
    return 200, {"dhcp_option": shapes.dhcp_option(dhcp_options.get(unit, block, option_id))}


def update(request: Request, unit: Unit, tenant_id: str, block_id: str, option_id: str) -> Result:
    block = blocks.get(unit, block_id, tenant_id)
    option = dhcp_options.get(unit, block, option_id, lock=True)
    etags.require_match(request, shapes.dhcp_option(option))
    after = dhcp_options.update(unit, block, option, fields(request, "dhcp_option"))
    return 200, {"dhcp_option": shapes.dhcp_option(after)}


def delete(request: Request, unit: Unit, tenant_id: str, block_id: str, option_id: str) -> Result:
    block = blocks.get(unit, block_id, tenant_id)
    option = dhcp_options.get(unit, block, option_id, lock=True)
    etags.require_match(request, shapes.dhcp_option(option))
    dhcp_options.delete(unit, block, option)
    return 200, None


ROUTES = [
    Row("GET", _COLLECTION, index, "dhcp_options:list"),
    Row("POST", _COLLECTION, create, "dhcp_options:create", body=_BODY),
    Row("GET", _MEMBER, show, "dhcp_options:show"),
    Row("PUT", _MEMBER, update, "dhcp_options:update", body=_BODY),
    Row("DELETE", _MEMBER, delete, "dhcp_options:delete"),
]
