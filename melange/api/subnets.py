"""Subnets of a block."""

from __future__ import annotations

from melange.api.fieldtypes import TEXT as FILTER
from melange.api.fieldtypes import VERSION
from melange.api.ip_blocks import BOOLEAN, PRIORITY, TEXT
from melange.api.row import Row, body, fields, query
from melange.ipam import block_lists, blocks, subnets, tenancy
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result

_PATH = "/ipam/tenants/{tenant_id}/ip_blocks/{block_id}/subnets"

_CREATE = body(
    "subnet",
    {
        "cidr": TEXT,
        "prefix": {"type": ["integer", "null"], "minimum": 0, "maximum": 128},
        "network_id": TEXT,
        "tenant_id": TEXT,
        "dns1": TEXT,
        "dns2": TEXT,
        "priority": PRIORITY,
        "shared": BOOLEAN,
    },
)


def index(request: Request, unit: Unit, tenant_id: str, block_id: str) -> Result:
    block = blocks.get(unit, block_id, tenant_id)
    found = block_lists.of_parent(unit, block, request.params)
    return 200, {"subnets": block_lists.shown(unit, found)}


def create(request: Request, unit: Unit, tenant_id: str, block_id: str) -> Result:
    """By CIDR; or the next free one: by its ``prefix`` length, or a ``cidr`` such as ``/26``."""
    block = blocks.get(unit, block_id, tenant_id, lock=True)
    given = fields(request, "subnet")
    owner = given.get("tenant_id") or tenant_id
    if owner != tenant_id:
        tenancy.require_visible(unit, owner)
    subnet = subnets.create(unit, block, given)
    return 201, {"subnet": block_lists.shown(unit, [subnet])[0]}


_INDEX = query(
    version=VERSION,
    **dict.fromkeys(("network_id", "tenant_id", "cidr", "contains", "within", "tags"), FILTER),
)

ROUTES = [
    Row("GET", _PATH, index, "subnets:list", query=_INDEX, kind="C"),
    Row("POST", _PATH, create, "subnets:create", body=_CREATE, kind="C"),
]
