"""``/floating_ips``, ``/floating_ip_pools`` and the operator's ``/floating_ranges``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.wsgi.paging import list_query
from netkit.wsgi.request import Request, Result
from nova_netplugins import errors, plugin
from nova_netplugins.ethernet import views
from nova_netplugins.ethernet.rest import common
from nova_netplugins.ethernet.rest.common import Body
from nova_netplugins.ethernet.rows import Row
from nova_netplugins.wire import to_dict

if TYPE_CHECKING:
    from nova_netplugins.ethernet.net_api import EthernetNetApi

CREATE = common.body_of(
    "floating_ip",
    {"project_id": common.PROJECT, "pool": common.NAME, "address": common.ADDRESS},
)
ASSOCIATE = common.body_of(
    "association",
    {"virtual_nic_id": common.ID, "fixed_address": common.ADDRESS},
    required=("virtual_nic_id",),
)
LIST = list_query(
    project_id=common.PROJECT,
    pool=common.NAME,
    address=common.ADDRESS,
    fixed_address=common.ADDRESS,
    virtual_nic_id=common.ID,
)
CREATE_RANGE = common.body_of(
    "floating_range",
    {
        "ip_range": {"type": "string", "minLength": 1, "maxLength": 64},
        "pool": common.NAME,
        "interface": common.DEVICE,
    },
    required=("ip_range",),
)


class FloatingIps:
    def __init__(self, api: EthernetNetApi) -> None:
        self._api = api

    def index(self, request: Request) -> Result:
        floating = self._api.floating
        where = common.matching(request, floating.filters, *floating.filters)
        where += common.own(request, floating.columns["project_id"])
        query = common.page_of_rows(request, floating.select(*where), floating.columns["id"])
        rows = [to_dict(views.floating_ip(row)) for row in self._api.rows(query)]
        return 200, request.page.collection("floating_ips", rows)

    def show(self, request: Request, address: str) -> Result:
        return 200, {"floating_ip": to_dict(self._visible(request, address))}

    def create(self, request: Request) -> Result:
        asked = request.body["floating_ip"]
        project = common.acting_project(request, asked.get("project_id"))
        lent = self._api.allocate_floating_ip(project, asked.get("pool"), asked.get("address"))
        return 201, {"floating_ip": to_dict(lent)}

    def delete(self, request: Request, address: str) -> Result:
        self._api.release_floating_ip(self._visible(request, address).address)
        return 204, None

    def associate(self, request: Request, address: str) -> Result:
        """Without a fixed address: the first IPv4 one of the NIC."""
        lent = self._visible(request, address)
        asked = request.body["association"]
        nic = self._api.get_virtual_nic(asked["virtual_nic_id"])
        if not request.context.sees(nic.project_id):
            raise errors.VirtualNicNotFound(field="virtual_nic_id", value=nic.id)
        fixed = asked.get("fixed_address") or _first_v4(nic)
        done = self._api.associate_floating_ip(lent.address, fixed, nic.id)
        return 200, {"floating_ip": to_dict(done)}

    def disassociate(self, request: Request, address: str) -> Result:
        lent = self._visible(request, address)
        return 200, {"floating_ip": to_dict(self._api.disassociate_floating_ip(lent.address))}

    def _visible(self, request: Request, address: str) -> plugin.FloatingIp:
        lent = self._api.get_floating_ip(address)
        if not request.context.sees(lent.project_id):
            raise errors.FloatingIpNotFound(field="floating_ip", value=address)
        return lent

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


def _first_v4(nic: plugin.VirtualNic) -> str:
    for fixed in nic.fixed_ips:
        if fixed.version == 4:
            return fixed.address
    raise errors.FixedIpNotFound(
        f"virtual NIC {nic.id} has no IPv4 address to put a floating one before",
        field="virtual_nic_id",
        value=nic.id,
    )


def _range(row: Row) -> Body:
    shown = {name: row[name] for name in ("id", "pool", "cidr")}
    return shown | {"interface": row["interface"] or None}
