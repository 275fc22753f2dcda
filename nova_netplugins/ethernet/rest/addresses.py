"""``/ports``, where NICs meet networks, and ``/fixed_ips``, all that is drawn of a network's
addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.wsgi.paging import list_query
from netkit.wsgi.request import Request, Result
from nova_netplugins import errors
from nova_netplugins.ethernet.rest import common
from nova_netplugins.ethernet.rest.common import Body
from nova_netplugins.ethernet.rows import Row

if TYPE_CHECKING:
    from nova_netplugins.ethernet.net_api import EthernetNetApi

CREATE_PORT = common.body_of(
    "port",
    {
        "project_id": common.PROJECT,
        "network_id": common.ID,
        "address": common.ADDRESS,
        "virtual_nic_id": common.ID,
    },
    required=("network_id",),
)
UPDATE_PORT = common.body_of(
    "port", {"virtual_nic_id": common.nullable(common.ID)}, required=("virtual_nic_id",)
)
LIST_PORTS = list_query(project_id=common.PROJECT, network_id=common.ID, virtual_nic_id=common.ID)
RESERVE = common.body_of("reservation", {"network_id": common.ID}, required=("network_id",))
ON_NETWORK = {
    "type": "object",
    "properties": {"network_id": common.ID},
    "additionalProperties": False,
}
LIST_FIXED_IPS = list_query(
    network_id=common.ID, address=common.ADDRESS, host=common.HOST, reserved=common.BOOLEAN
)


class Ports:
    def __init__(self, api: EthernetNetApi) -> None:
        self._api = api

    def index(self, request: Request) -> Result:
        columns = self._api.tables.fixed_ips.c
        where = common.matching(request, columns, "project_id", "network_id")
        if "virtual_nic_id" in request.params:
            where.append(columns["ethernet_card_id"] == request.params["virtual_nic_id"])
        where += common.own(request, columns["project_id"])
        query = common.page_of_rows(request, self._api.ports.select(*where), columns["id"])
        rows = [_port(row) for row in self._api.rows(query)]
        return 200, request.page.collection("ports", rows)

    def show(self, request: Request, port_id: str) -> Result:
        return 200, {"port": _port(self._visible(request, port_id))}

    def create(self, request: Request) -> Result:
        asked = request.body["port"]
        project = common.acting_project(request, asked.get("project_id"))
        port = self._api.create_port(
            project, asked["network_id"], asked.get("address"), asked.get("virtual_nic_id")
        )
        return 201, {"port": _port(port)}

    def update(self, request: Request, port_id: str) -> Result:
        self._visible(request, port_id)
        port = self._api.attach_port(port_id, request.body["port"]["virtual_nic_id"])
        return 200, {"port": _port(port)}

    def delete(self, request: Request, port_id: str) -> Result:
        self._visible(request, port_id)
        self._api.delete_port(port_id)
        return 204, None

    def _visible(self, request: Request, port_id: str) -> Row:
        row = self._api.port_row(port_id)
        if not request.context.sees(row["project_id"]):
            raise errors.PortNotFound(field="port_id", value=port_id)
        return row


class FixedIps:
    def __init__(self, api: EthernetNetApi) -> None:
        self._api = api

    def index(self, request: Request) -> Result:
        columns = self._api.tables.fixed_ips.c
        names = LIST_FIXED_IPS["properties"].keys() - {"limit", "marker"}
        where = common.matching(request, columns, *names)
        where += common.own(request, columns["project_id"])
        query = common.page_of_rows(request, self._api.fixed_ip_rows(*where), columns["id"])
        rows = [_fixed_ip(row) for row in self._api.rows(query)]
        return 200, request.page.collection("fixed_ips", rows)

    def show(self, request: Request, address: str) -> Result:
        network_id = request.params.get("network_id")
        row = self._api.fixed_ip(address, network_id, request.context.project_filter)
        return 200, {"fixed_ip": _fixed_ip(row)}

    def reserve(self, request: Request, address: str) -> Result:
        network_id = request.body["reservation"]["network_id"]
        self._api.reserve_fixed_ip(network_id, address)
        return 200, {"fixed_ip": _fixed_ip(self._api.fixed_ip(address, network_id))}

    def unreserve(self, request: Request, address: str) -> Result:
        row = self._api.fixed_ip(address, request.params.get("network_id"))
        self._api.unreserve_fixed_ip(row["network_id"], address)
        return 204, None


def _port(row: Row) -> Body:
    return {
        "id": row["id"],
        "network_id": row["network_id"],
        "project_id": row["project_id"],
        "address": row["address"],
        "version": row["version"],
        "virtual_nic_id": row["ethernet_card_id"],
    } | common.timestamps(row)


def _fixed_ip(row: Row) -> Body:
    return _port(row) | {
        "reserved": row["reserved"],
        "leased": row["leased"],
        "host": row["host"],
    }
