"""Addresses of a network for an interface."""

from __future__ import annotations

from collections.abc import Sequence

from melange import errors
from melange.api import etags, fieldtypes
from melange.api.row import Row, body, fields, query
from melange.ipam import configurations, interfaces, network_allocation, networks, tenancy
from melange.ipam.blocks import Block
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result

_PATH = "/ipam/tenants/{tenant_id}/networks/{network_id}/interfaces/{vif_id}/ip_allocations"
_NOT_OF_GENERATORS = ("addresses", "tenant_id", "used_by_device")


def index(request: Request, unit: Unit, tenant_id: str, network_id: str, vif_id: str) -> Result:
    among = networks.blocks_of_network(unit, tenant_id, network_id)
    interface = interfaces.get(unit, vif_id)
    found = network_allocation.held(unit, among, interface)
    if not found and not unit.caller.sees(interface.tenant_id):
        raise errors.InterfaceNotFound(vif_id)
    passing = network_allocation.held(unit, among, interface, request.params)
    ids, whole = {address.id for address in passing}, configurations.of_addresses(unit, found)
    return etags.with_state({"ip_addresses": [one for one in whole if one["id"] in ids]}, whole)


def create(request: Request, unit: Unit, tenant_id: str, network_id: str, vif_id: str) -> Result:
    given = fields(request, "network")
    owner = given.get("tenant_id") or tenant_id
    if owner != tenant_id:
        tenancy.require_visible(unit, owner)
    # An unknown network is told before anything that is wrong with the interface.
    among: Sequence[Block] = ()
    if not unit.settings.default_cidr:
        among = networks.blocks_of_network(unit, tenant_id, network_id)
    mac, device = given.get("mac_address") or None, given.get("used_by_device") or None
    interface = interfaces.ensure(unit, vif_id, owner, device, mac)
    made = network_allocation.allocate(
        unit,
        tenant_id,
        network_id,
        interface,
        given.get("addresses") or (),
        {name: value for name, value in given.items() if name not in _NOT_OF_GENERATORS},
        among,
    )
    return 201, {"ip_addresses": configurations.of_addresses(unit, made, among)}


def delete(request: Request, unit: Unit, tenant_id: str, network_id: str, vif_id: str) -> Result:
    among = networks.blocks_of_network(unit, tenant_id, network_id)
    interface = interfaces.get(unit, vif_id, lock=True)
    found = network_allocation.held(unit, among, interface, lock=True)
    if not found and not unit.caller.sees(interface.tenant_id):
        raise errors.InterfaceNotFound(vif_id)
    if etags.has_condition(request):
        etags.require_match(request, configurations.of_addresses(unit, found))
    network_allocation.release(unit, among, found)
    return 200, None


_CREATE = body(
    "network",
    {
        "addresses": fieldtypes.ADDRESSES,
        "tenant_id": fieldtypes.NAME,
        "used_by_device": fieldtypes.NAME,
        "mac_address": fieldtypes.NAME,
    },
)

_QUERY = query(
    version=fieldtypes.VERSION,
    **dict.fromkeys(("address", "within", "ip_block_id", "tags"), fieldtypes.TEXT),
)

ROUTES = [
    Row("GET", _PATH, index, "ip_allocations:list", query=_QUERY, kind="C"),
    Row("POST", _PATH, create, "ip_allocations:create", body=_CREATE, kind="C"),
    Row("DELETE", _PATH, delete, "ip_allocations:delete", kind="C"),
]
