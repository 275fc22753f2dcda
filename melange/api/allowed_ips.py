"""Addresses that an interface may answer for: its own, and others that are allowed on it."""

from __future__ import annotations

from melange import errors
from melange.api import etags, fieldtypes
from melange.api.row import Row, body, fields, query
from melange.ipam import allowed_ips, interfaces, shapes
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result

_PATH = "/ipam/tenants/{tenant_id}/interfaces/{vif_id}/allowed_ips"
_ONE = f"{_PATH}/{{address}}"


def index(request: Request, unit: Unit, tenant_id: str, vif_id: str) -> Result:
    interface = interfaces.get(unit, vif_id, tenant_id)
    found = allowed_ips.of_interface(unit, interface, request.params)
    return 200, {"ip_addresses": [shapes.ip_address(address) for address in found]}


def create(request: Request, unit: Unit, tenant_id: str, vif_id: str) -> Result:
    interface = interfaces.get(unit, vif_id, tenant_id, lock=True)
    given = fields(request, "allowed_ip")
    missing = [name for name in ("network_id", "ip_address") if not given.get(name)]
    if missing:
        raise errors.Invalid({name: f"{name} should be present" for name in missing})
    network_id = given["network_id"]
    address = allowed_ips.address_in_network(unit, tenant_id, network_id, given["ip_address"])
    allowed_ips.allow(unit, interface, address, network_id)
    return 201, {"ip_address": shapes.ip_address(address)}


def show(request: Request, unit: Unit, tenant_id: str, vif_id: str, address: str) -> Result:
    interface = interfaces.get(unit, vif_id, tenant_id)
    return 200, {"ip_address": shapes.ip_address(allowed_ips.find(unit, interface, address))}


def delete(request: Request, unit: Unit, tenant_id: str, vif_id: str, address: str) -> Result:
    interface = interfaces.get(unit, vif_id, tenant_id, lock=True)
    found = allowed_ips.find(unit, interface, address)
    etags.require_match(request, shapes.ip_address(found))
    allowed_ips.forbid(unit, interface, found)
    return 200, None


_CREATE = body("allowed_ip", {"network_id": fieldtypes.NAME, "ip_address": fieldtypes.NAME})
_QUERY = query(
    version=fieldtypes.VERSION,
    **dict.fromkeys(("address", "within", "ip_block_id", "network_id", "tags"), fieldtypes.TEXT),
)

ROUTES = [
    Row("GET", _PATH, index, "allowed_ips:list", query=_QUERY),
    Row("POST", _PATH, create, "allowed_ips:create", body=_CREATE),
    Row("GET", _ONE, show, "allowed_ips:show", kind="A"),
    Row("DELETE", _ONE, delete, "allowed_ips:delete", kind="A"),
]
