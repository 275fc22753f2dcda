"""How much of a block, or of all blocks of a tenant, is used; and why an address is or is not to be
had.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from melange import errors
from melange.api.fieldtypes import TEXT
from melange.api.row import Row, query
from melange.ipam import blocks, explain, utilization
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result

_BLOCK = "/ipam/tenants/{tenant_id}/ip_blocks/{block_id}"


def show(request: Request, unit: Unit, tenant_id: str, block_id: str) -> Result:
    found = utilization.of_block(unit, blocks.get(unit, block_id, tenant_id))
    return 200, {"utilization": dataclasses.asdict(found)}


def show_of_tenant(request: Request, unit: Unit, tenant_id: str) -> Result:
    """The sum, and for each IP version."""
    found = utilization.of_tenant(unit, tenant_id)
    total: dict[str, Any] = dataclasses.asdict(found[4] + found[6])
    total |= {f"ipv{version}": dataclasses.asdict(one) for version, one in found.items()}
    return 200, {"utilization": total}


def show_explanation(request: Request, unit: Unit, tenant_id: str, block_id: str) -> Result:
    """Also of a block that is shared by another tenant."""
    block = blocks.get(unit, block_id)
    if block.tenant_id != tenant_id and not block.shared:
        raise errors.IpBlockNotFound(block_id)
    text = request.params.get("address")
    if not text:
        raise errors.Invalid({"address": "address should be present"})
    found = explain.explain(unit, block, text)
    return 200, {
        "explanation": {
            "address": found.address,
            "ip_block_id": block.id,
            "available": found.available,
            "reason": found.reason,
            "detail": found.detail,
            **found.facts,
        }
    }


ROUTES = [
    Row("GET", f"{_BLOCK}/utilization", show, "utilization:show", kind="C"),
    Row(
        "GET",
        "/ipam/tenants/{tenant_id}/utilization",
        show_of_tenant,
        "utilization:show_tenant",
        kind="C",
    ),
    Row(
        "GET",
        f"{_BLOCK}/explain",
        show_explanation,
        "explanation:show",
        query=query(address=TEXT),
        kind="C",
    ),
]
