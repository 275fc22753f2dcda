"""The interfaces of an instance, all at once."""

from __future__ import annotations

from typing import Any

from melange import errors
from melange.api import etags, fieldtypes
from melange.api.row import Row, body, fields, query
from melange.ipam import configurations, instances
from melange.ipam.instances import Plug
from melange.ipam.interfaces import Interface
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result

_PATH = "/ipam/instances/{device_id}/interfaces"


def index(request: Request, unit: Unit, device_id: str) -> Result:
    shown = _shown(unit, instances.of_device(unit, device_id, request.params))
    if not request.params:
        return 200, shown
    whole = _shown(unit, instances.of_device(unit, device_id))
    return etags.with_state(shown, whole["instance"])


def replace(request: Request, unit: Unit, device_id: str) -> Result:
    plugs = _plugs(request, device_id)
    instances.delete(unit, _locked(request, unit, device_id))
    return 200, _shown(unit, instances.create(unit, plugs))


def add(request: Request, unit: Unit, device_id: str) -> Result:
    """Answers with the new ones."""
    plugs = _plugs(request, device_id)
    instances.lock(unit, device_id)
    return 201, _shown(unit, instances.create(unit, plugs))


def delete(request: Request, unit: Unit, device_id: str) -> Result:
    instances.delete(unit, _locked(request, unit, device_id))
    return 200, None


def _plugs(request: Request, device_id: str) -> list[Plug]:
    given = fields(request, "instance")
    missing = [name for name in ("tenant_id", "interfaces") if given.get(name) is None]
    if missing:
        raise errors.Invalid({name: f"{name} should be present" for name in missing})
    return [
        instances.plug_of(one, "virtual_interface_id", given["tenant_id"], device_id)
        for one in given["interfaces"]
    ]


def _shown(unit: Unit, found: list[Interface]) -> dict[str, Any]:
    return {"instance": {"interfaces": configurations.of_interfaces(unit, found)}}


def _locked(request: Request, unit: Unit, device_id: str) -> list[Interface]:
    """Those that the device has, if they are what If-Match says."""
    found = instances.lock(unit, device_id)
    if etags.has_condition(request):
        etags.require_match(request, _shown(unit, found)["instance"])
    return found


_MANY = {
    "type": ["array", "null"],
    "items": fieldtypes.interface("virtual_interface_id"),
    "maxItems": instances.MOST,
}
_BODY = body("instance", {"tenant_id": fieldtypes.NAME, "interfaces": _MANY})

_FILTERS = ("tenant_id", "network_id", "mac_address", "address", "tags")
_QUERY = query(**dict.fromkeys(_FILTERS, fieldtypes.TEXT))

ROUTES = [
    Row("GET", _PATH, index, "instances:show", query=_QUERY, kind="C"),
    Row("PUT", _PATH, replace, "instances:replace", body=_BODY, kind="C"),
    Row("POST", _PATH, add, "instances:add", body=_BODY, kind="C"),
    Row("DELETE", _PATH, delete, "instances:delete", kind="C"),
]
