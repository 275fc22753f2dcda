"""``/virtual_nics`` and ``/instances/{instance_id}/virtual_nics``: what instances are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.wsgi.request import Request, Result
from nova_netplugins.ethernet.rest import common
from nova_netplugins.ethernet.rest.instance_nics import LIST, InstanceNics
from nova_netplugins.wire import to_dict

if TYPE_CHECKING:
    from nova_netplugins.netstack.net_api import NetstackNetApi


class VirtualNics(InstanceNics):
    def __init__(self, api: NetstackNetApi) -> None:
        super().__init__(api)
        self._api = api

    def index(self, request: Request) -> Result:
        columns = self._api.nic_columns
        where = common.matching(request, columns, *LIST["properties"].keys() - {"limit", "marker"})
        where += common.own(request, columns["project_id"])
        query = common.page_of_rows(request, self._api.nic_rows(*where), columns["id"])
        nics = [to_dict(nic) for nic in self._api.virtual_nics(query)]
        return 200, request.page.collection("virtual_nics", nics)
