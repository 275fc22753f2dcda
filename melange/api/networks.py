"""Networks of a tenant: their blocks."""

from __future__ import annotations

from melange.api.row import Row
from melange.ipam import block_lists, networks
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result


def show(request: Request, unit: Unit, tenant_id: str, network_id: str) -> Result:
    found = networks.blocks_of_network(unit, tenant_id, network_id)
    return 200, {"ip_blocks": block_lists.shown(unit, found)}


ROUTES = [Row("GET", "/ipam/tenants/{tenant_id}/networks/{network_id}", show, "networks:show")]
