"""``/networks``"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from netkit.wsgi.paging import list_query
from netkit.wsgi.request import Request, Result
from nova_netplugins.ethernet.rest import common
from nova_netplugins.ethernet.rest.common import Body
from nova_netplugins.ethernet.rows import Row
from nova_netplugins.ethernet.segments import HIGHEST_VLAN
from nova_netplugins.ethernet.specs import NetworkSpec

if TYPE_CHECKING:
    from nova_netplugins.ethernet.net_api import EthernetNetApi

PUBLIC = ("id", "label", "project_id", "cidr", "gateway", "cidr_v6", "gateway_v6", "dns1", "dns2")
PRIVATE = (
    "bridge",
    "bridge_interface",
    "vlan",
    "mtu",
    "host",
    "multi_host",
    "share_address",
    "enable_dhcp",
    "dhcp_server",
    "dhcp_options",
    "allowed_start",
    "allowed_end",
    "injected",
    "priority",
)

_V4 = {"type": "string", "format": "ipv4-cidr"}
_V6 = {"type": "string", "format": "ipv6-cidr"}
_VLAN = {"type": "integer"}
_CHANGEABLE = {
    "label": common.NAME,
    "project_id": common.nullable(common.PROJECT),
    "host": common.nullable(common.HOST),
    "dns1": common.nullable(common.ADDRESS),
    "dns2": common.nullable(common.ADDRESS),
    "mtu": {"type": ["integer", "null"], "minimum": 576, "maximum": 65535},
    "priority": {"type": "integer", "minimum": -1000, "maximum": 1000},
    "dhcp_options": {
        "type": "object",
        # Which there are and what they may say, ``host.dhcp.fitting`` knows.
        "additionalProperties": {"type": "string", "minLength": 1},
        "maxProperties": 64,
    },
}
CREATE = common.body_of(
    "network",
    {
        **{name: schema for name, schema in _CHANGEABLE.items() if name != "host"},
        "id": common.UUID,
        "cidr": _V4,
        "cidr_v6": _V6,
        "num_networks": {"type": "integer", "minimum": 1, "maximum": 1024},
        "network_size": {"type": "integer", "minimum": 4},
        "gateway": common.ADDRESS,
        "gateway_v6": common.ADDRESS,
        "dhcp_server": common.ADDRESS,
        "allowed_start": common.ADDRESS,
        "allowed_end": common.ADDRESS,
        "fixed_cidr": _V4,
        "bridge": common.DEVICE,
        "bridge_interface": common.DEVICE,
        "vlan": _VLAN,
        "vlan_start": _VLAN,
        "multi_host": common.BOOLEAN,
        "share_address": common.BOOLEAN,
        "enable_dhcp": common.BOOLEAN,
    },
    required=("label",),
)
UPDATE = common.body_of("network", _CHANGEABLE)
LIST = list_query(
    label=common.NAME,
    project_id=common.PROJECT,
    host=common.HOST,
    vlan={**_VLAN, "minimum": 1, "maximum": HIGHEST_VLAN},
    cidr=_V4,
)
DELETE = {
    "type": "object",
    "properties": {"disassociate": common.BOOLEAN},
    "additionalProperties": False,
}


class Networks:
    def __init__(self, api: EthernetNetApi) -> None:
        self._api = api

    def index(self, request: Request) -> Result:
        columns = self._api.tables.networks.c
        where = common.matching(request, columns, *LIST["properties"].keys() - {"limit", "marker"})
        if (project := request.context.project_filter) is not None:
            where.append(self._api.usable_by(project))
        query = common.page_of_rows(request, self._api.network_rows(*where), columns["id"])
        rows = [_show(request, row) for row in self._api.rows(query)]
        return 200, request.page.collection("networks", rows)

    def show(self, request: Request, network_id: str) -> Result:
        return 200, {"network": _show(request, self._visible(request, network_id))}

    def create(self, request: Request) -> Result:
        """One network in the answer's ``network``; of several, all in ``networks``."""
        rows = self._api.create_networks(NetworkSpec(**request.body["network"]))
        shown = [_show(request, row) for row in rows]
        return 201, {"network": shown[0]} if len(shown) == 1 else {"networks": shown}

    def update(self, request: Request, network_id: str) -> Result:
        row = self._api.modify_network(network_id, request.body["network"])
        return 200, {"network": _show(request, row)}

    def delete(self, request: Request, network_id: str) -> Result:
        self._api.delete_network(network_id, request.params.get("disassociate", False))
        return 204, None

    def _visible(self, request: Request, network_id: str) -> Row:
        row = self._api.network_row(network_id)
        if (project := request.context.project_filter) is not None:
            self._api.require_usable(row, project)
        return row


def _show(request: Request, row: Row) -> Body:
    names = PUBLIC + PRIVATE if request.context.all_projects else PUBLIC
    shown: Body = {name: row[name] for name in names}
    net = None if row["cidr"] is None else ipaddress.IPv4Network(row["cidr"])
    shown["netmask"] = net and str(net.netmask)
    shown["broadcast"] = net and str(net.broadcast_address)
    return shown | common.timestamps(row)
