"""The REST API of noop, below ``/v1.0/noop``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.wsgi.paging import list_query
from netkit.wsgi.request import Request, Result
from netkit.wsgi.routing import Mapper, Route
from nova_netplugins.wire import to_dict

if TYPE_CHECKING:
    from nova_netplugins_noop.net_api import NoopApi

NICS_OF = list_query(instance_id={"type": "string"})


def add_routes(api: NoopApi, mapper: Mapper) -> None:
    def networks(request: Request) -> Result:
        return 200, {"networks": [to_dict(network) for network in api.list_networks()]}

    def virtual_nics(request: Request) -> Result:
        # Ordered by id, as paging needs it; what the caller may not see does not exist.
        found = [
            to_dict(nic)
            for nic in api.list_virtual_nics(instance_id=request.params.get("instance_id"))
            if request.context.sees(nic.project_id) and nic.id > (request.page.marker or "")
        ]
        return 200, request.page.collection("virtual_nics", found)

    mapper.add(
        Route("GET", "/networks", networks, "networks:list"),
        Route("GET", "/virtual_nics", virtual_nics, "virtual_nics:list", query_schema=NICS_OF),
    )
