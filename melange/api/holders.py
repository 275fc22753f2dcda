"""Which interface answers for a shared address now."""

from __future__ import annotations

from typing import Any

from melange import errors
from melange.api import etags
from melange.api.fieldtypes import NAME
from melange.api.row import Row, body, fields
from melange.ipam import addresses, blocks, holders, interfaces
from melange.ipam.addresses import Address
from melange.ipam.holders import Holder
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result

_PATH = "/ipam/tenants/{tenant_id}/ip_blocks/{block_id}/ip_addresses/{address}/holder"


def shape(holder: Holder) -> dict[str, Any]:
    """``interface_id`` null: nobody has claimed the address."""
    return {"address": holder.address, "interface_id": holder.interface_id}


def show(request: Request, unit: Unit, tenant_id: str, block_id: str, address: str) -> Result:
    found = _address(unit, tenant_id, block_id, address)
    return 200, {"holder": shape(holders.of(unit, found))}


def update(request: Request, unit: Unit, tenant_id: str, block_id: str, address: str) -> Result:
    """The last one wins. The answer tells who was the holder before."""
    vif_id = fields(request, "holder").get("interface_id")
    if not vif_id:
        raise errors.Invalid({"interface_id": "interface_id should be present"})
    found = _address(unit, tenant_id, block_id, address, lock=True)
    etags.require_match(request, shape(holders.of(unit, found)))
    interface = interfaces.find(unit, vif_id)
    if interface is None:
        raise errors.NotAllowedHere(found.address, vif_id)
    now = holders.claim(unit, found, interface)
    return 200, {"holder": {**shape(now), "previous": now.previous}}


def delete(request: Request, unit: Unit, tenant_id: str, block_id: str, address: str) -> Result:
    found = _address(unit, tenant_id, block_id, address, lock=True)
    etags.require_match(request, shape(holders.of(unit, found)))
    holders.resign(unit, found)
    return 200, None


def _address(
    unit: Unit, tenant_id: str, block_id: str, address: str, *, lock: bool = False
) -> Address:
    """Of a block of the tenant's, or one that the tenant uses of another's block."""
    block = blocks.get(unit, block_id)
    if block.tenant_id == tenant_id:
        return addresses.get(unit, block, address, lock=lock)
    try:
        found = addresses.get(unit, block, address, lock=lock)
    except errors.IpAddressNotFound:
        raise errors.IpBlockNotFound(block_id) from None
    if found.used_by_tenant_id != tenant_id:
        raise errors.IpBlockNotFound(block_id)
    return found


_UPDATE = body("holder", {"interface_id": NAME})

ROUTES = [
    Row("GET", _PATH, show, "holders:show", kind="C"),
    Row("PUT", _PATH, update, "holders:update", body=_UPDATE, kind="C"),
    Row("DELETE", _PATH, delete, "holders:delete", kind="C"),
]
