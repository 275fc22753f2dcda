"""Static routes of a block."""

from __future__ import annotations

from melange.api.fieldtypes import NAME, TEXT
from melange.api.members import Members, of_block
from melange.ipam import routes, shapes

ROUTES = Members(
    "/ipam/tenants/{tenant_id}/ip_blocks/{block_id}/ip_routes",
    "route_id",
    "ip_route",
    "ip_routes",
    of_block,
    routes,
    shapes.ip_route,
    {"destination": NAME, "netmask": NAME, "gateway": NAME},
    {"destination": TEXT, "netmask": TEXT, "gateway": TEXT},
).rows()
