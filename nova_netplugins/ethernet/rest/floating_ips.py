"""``/floating_ips``, ``/floating_ip_pools`` and the operator's ``/floating_ranges``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.wsgi.request import Request, Result
from nova_netplugins import errors
from nova_netplugins.ethernet import views
from nova_netplugins.ethernet.rest import common
from nova_netplugins.ethernet.rest.common import Body
from nova_netplugins.ethernet.rest.lent_ips import LentIps
from nova_netplugins.ethernet.rows import Row
from nova_netplugins.wire import to_dict

if TYPE_CHECKING:
    from nova_netplugins.ethernet.net_api import EthernetNetApi

CREATE_RANGE = common.body_of(
    "floating_range",
    {
        "ip_range": {"type": "string", "minLength": 1, "maxLength": 64},
        "pool": common.NAME,
        "interface": common.DEVICE,
    },
    required=("ip_range",),
)


class FloatingIps(LentIps):
    def __init__(self, api: EthernetNetApi) -> None:
        super().__init__(api)
        self._api = api

    def index(self, request: Request) -> Result:
        floating = self._api.floating
        where = common.matching(request, floating.filters, *floating.filters)
        where += common.own(request, floating.columns["project_id"])
        query = common.page_of_rows(request, floating.select(*where), floating.columns["id"])
        rows = [to_dict(views.floating_ip(row)) for row in self._api.rows(query)]
        return 200, request.page.collection("floating_ips", rows)

    # -- pools and ranges

    def pools(self, request: Request) -> Result:
        names = sorted({row["pool"] for row in self._api.floating_ranges()})
        return 200, {"floating_ip_pools": [{"name": name} for name in names]}

    def ranges(self, request: Request) -> Result:
        return 200, {"floating_ranges": [_range(row) for row in self._api.floating_ranges()]}

    def create_range(self, request: Request) -> Result:
        asked = request.body["floating_range"]
        row = self._api.create_floating_range(
            asked["ip_range"], asked.get("pool"), asked.get("interface")
        )
        return 201, {"floating_range": _range(row)}

    def delete_range(self, request: Request, range_id: str) -> Result:
        cidrs = {row["id"]: row["cidr"] for row in self._api.floating_ranges()}
        if range_id not in cidrs:
            raise errors.FloatingRangeNotFound(field="range_id", value=range_id)
        self._api.delete_floating_range(cidrs[range_id])
        return 204, None


def _range(row: Row) -> Body:
    shown = {name: row[name] for name in ("id", "pool", "cidr")}
    return shown | {"interface": row["interface"] or None}
