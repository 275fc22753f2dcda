"""Networks of a tenant: their blocks."""

from __future__ import annotations

from melange.api.fieldtypes import TEXT, VERSION
from melange.api.row import Row, query
from melange.ipam import block_lists
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result


def show(request: Request, unit: Unit, tenant_id: str, network_id: str) -> Result:
    found = block_lists.of_network(unit, tenant_id, network_id, request.params)
    return 200, {"ip_blocks": block_lists.shown(unit, found)}


_PATH = "/ipam/tenants/{tenant_id}/networks/{network_id}"
_QUERY = query(
    version=VERSION, **dict.fromkeys(("type", "cidr", "contains", "within", "tags"), TEXT)
)

ROUTES = [Row("GET", _PATH, show, "networks:show", query=_QUERY)]
