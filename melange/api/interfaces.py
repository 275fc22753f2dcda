"""Interfaces: virtual NICs with their MAC addresses and IP configurations."""

from __future__ import annotations

from melange import errors
from melange.api import etags, fieldtypes
from melange.api.row import Row, body, fields, list_query
from melange.ipam import configurations, instances, interface_lists, interfaces
from melange.ipam.interfaces import Interface
from melange.ipam.lists import Window
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result

_ALL = "/ipam/interfaces"
_TENANT = "/ipam/tenants/{tenant_id}/interfaces"


def create(request: Request, unit: Unit) -> Result:
    """One, or with ``interfaces`` a list of them: all or none."""
    many = request.body.get("interfaces")
    given = [fields(request, "interface")] if many is None else many
    plugs = [
        instances.plug_of(one, "id", one.get("tenant_id"), one.get("device_id")) for one in given
    ]
    shown = configurations.of_interfaces(unit, instances.create(unit, plugs))
    return 201, {"interface": shown[0]} if many is None else {"interfaces": shown}


def index(request: Request, unit: Unit, tenant_id: str) -> Result:
    page = request.page
    window = Window(page.limit, page.marker)
    found = interface_lists.page(unit, tenant_id, request.params, window)
    shown = configurations.of_interfaces(unit, found)
    return 200, page.collection("interfaces", shown)


def show(request: Request, unit: Unit, tenant_id: str, vif_id: str) -> Result:
    found = interfaces.get(unit, vif_id, tenant_id)
    return 200, {"interface": configurations.of_interface(unit, found)}


def update(request: Request, unit: Unit, tenant_id: str, vif_id: str) -> Result:
    found = interfaces.get(unit, vif_id, tenant_id, lock=True)
    _require_match(request, unit, found)
    given = fields(request, "interface")
    if "device_id" in given:
        found = interfaces.change_device(unit, found, given["device_id"] or None)
    return 200, {"interface": configurations.of_interface(unit, found)}


def delete(request: Request, unit: Unit, vif_id: str) -> Result:
    found = interfaces.get(unit, vif_id, lock=True)
    if not unit.caller.sees(found.tenant_id):
        raise errors.InterfaceNotFound(vif_id)
    return _delete(request, unit, found)


def delete_of_tenant(request: Request, unit: Unit, tenant_id: str, vif_id: str) -> Result:
    return _delete(request, unit, interfaces.get(unit, vif_id, tenant_id, lock=True))


def _delete(request: Request, unit: Unit, found: Interface) -> Result:
    _require_match(request, unit, found)
    interfaces.delete(unit, found)
    return 200, None


def _require_match(request: Request, unit: Unit, found: Interface) -> None:
    if etags.has_condition(request):
        etags.require_match(request, configurations.of_interface(unit, found))


_INTERFACE = fieldtypes.interface("id")
_MANY = {"type": "array", "items": _INTERFACE, "maxItems": instances.MOST}
_CREATE = {"type": "object", "properties": {"interface": _INTERFACE, "interfaces": _MANY}}
_UPDATE = body("interface", {"device_id": fieldtypes.NAME})
_FILTERS = dict.fromkeys(
    ("device_id", "network_id", "mac_address", "address", "tags"), fieldtypes.TEXT
)

ROUTES = [
    Row("POST", _ALL, create, "interfaces:create", body=_CREATE),
    Row("DELETE", f"{_ALL}/{{vif_id}}", delete, "interfaces:delete_any", kind="C"),
    Row("GET", _TENANT, index, "interfaces:list", query=list_query(**_FILTERS), kind="C"),
    Row("GET", f"{_TENANT}/{{vif_id}}", show, "interfaces:show", kind="C"),
    Row("PUT", f"{_TENANT}/{{vif_id}}", update, "interfaces:update", body=_UPDATE, kind="C"),
    Row("DELETE", f"{_TENANT}/{{vif_id}}", delete_of_tenant, "interfaces:delete", kind="C"),
]
