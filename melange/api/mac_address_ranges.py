"""Ranges of MAC addresses that interfaces get theirs from."""

from __future__ import annotations

from melange.api import etags, fieldtypes
from melange.api.row import Row, body, fields, query
from melange.ipam import eui, macs, shapes
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result

_PATH = "/ipam/mac_address_ranges"
_ONE = f"{_PATH}/{{mac_address_range_id}}"


def index(request: Request, unit: Unit) -> Result:
    contains, cidr = request.params.get("contains"), request.params.get("cidr")
    found = macs.ranges(
        unit,
        containing=eui.parse_mac(contains, "contains") if contains else None,
        span=eui.parse_span(cidr) if cidr else None,
    )
    return 200, {"mac_address_ranges": [shapes.mac_address_range(one) for one in found]}


def create(request: Request, unit: Unit) -> Result:
    made = macs.create_range(unit, fields(request, "mac_address_range"))
    return 201, {"mac_address_range": shapes.mac_address_range(made)}


def show(request: Request, unit: Unit, mac_address_range_id: str) -> Result:
    found = macs.get_range(unit, mac_address_range_id)
    return 200, {"mac_address_range": shapes.mac_address_range(found)}


def delete(request: Request, unit: Unit, mac_address_range_id: str) -> Result:
    found = macs.get_range(unit, mac_address_range_id, lock=True)
    etags.require_match(request, shapes.mac_address_range(found))
    macs.delete_range(unit, found)
    return 200, None


_CREATE = body("mac_address_range", {"cidr": fieldtypes.NAME})
_QUERY = query(contains=fieldtypes.TEXT, cidr=fieldtypes.TEXT)

ROUTES = [
    Row("GET", _PATH, index, "mac_address_ranges:list", query=_QUERY),
    Row("POST", _PATH, create, "mac_address_ranges:create", body=_CREATE),
    Row("GET", _ONE, show, "mac_address_ranges:show"),
    Row("DELETE", _ONE, delete, "mac_address_ranges:delete"),
]
