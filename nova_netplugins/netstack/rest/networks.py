"""``/networks``, and their ``/subnets``: blocks of Melange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netkit.wsgi.paging import list_query
from netkit.wsgi.request import Request, Result
from nova_netplugins.ethernet.rest import common
from nova_netplugins.ethernet.rest.common import Body
from nova_netplugins.ethernet.rows import Row
from nova_netplugins.netstack.model import Block, BlockSpec, NetworkSpec

if TYPE_CHECKING:
    from nova_netplugins.netstack.net_api import NetstackNetApi

PUBLIC = ("id", "label", "project_id", "mtu", "priority", "routed", "enable_dhcp")
PRIVATE = ("host", "adopted")
LAYER_2 = ("network_type", "physical_network", "segment")

_PRIORITY = {"type": "integer", "minimum": -1000, "maximum": 1000}
_MTU = {"type": ["integer", "null"], "minimum": 576, "maximum": 65535}
_SUBNET = {
    "cidr": {"type": "string", "format": "cidr"},
    # "": the subnet has none; left out: the first address of an IPv4 one.
    "gateway": {"anyOf": [common.ADDRESS, {"type": "string", "const": ""}]},
    "dns": {"type": "array", "items": common.ADDRESS, "maxItems": 2, "uniqueItems": True},
    # Melange's, where the lowest comes first.
    "priority": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
}
CREATE_SUBNET = common.body_of("subnet", _SUBNET, required=("cidr",))
_CHANGEABLE = {
    "label": common.NAME,
    "priority": _PRIORITY,
    "routed": common.BOOLEAN,
    "enable_dhcp": common.BOOLEAN,
}
CREATE = common.body_of(
    "network",
    {
        **_CHANGEABLE,
        "project_id": common.nullable(common.PROJECT),
        "mtu": _MTU,
        "id": common.UUID,
        "subnets": {
            "type": "array",
            "items": CREATE_SUBNET["properties"]["subnet"],
            "maxItems": 32,
        },
    },
    required=("label",),
)
UPDATE = common.body_of("network", {**_CHANGEABLE, "host": common.nullable(common.HOST)})
LIST = list_query(
    label=common.NAME, project_id=common.PROJECT, host=common.HOST, adopted=common.BOOLEAN
)


class Networks:
    def __init__(self, api: NetstackNetApi) -> None:
        self._api = api

    def index(self, request: Request) -> Result:
        columns = self._api.network_columns
        where = common.matching(request, columns, *LIST["properties"].keys() - {"limit", "marker"})
        if (project := request.context.project_filter) is not None:
            where.append(self._api.usable_by(project))
        query = common.page_of_rows(request, self._api.network_rows(*where), columns["id"])
        rows = [_show(request, row) for row in self._api.rows(query)]
        return 200, request.page.collection("networks", rows)

    def show(self, request: Request, network_id: str) -> Result:
        return 200, {"network": _show(request, self.visible(request, network_id))}

    def create(self, request: Request) -> Result:
        """With ``id`` the layer 2 network of that id is adopted, instead of making one."""
        row = self._api.create_network(network_spec(request.body["network"]))
        return 201, {"network": _show(request, row)}

    def update(self, request: Request, network_id: str) -> Result:
        """It keeps its router while floating IPs lead to it."""
        row = self._api.modify_network(network_id, request.body["network"])
        return 200, {"network": _show(request, row)}

    def delete(self, request: Request, network_id: str) -> Result:
        """An adopted network stays at layer 2, its subnets do not."""
        self._api.delete_network(network_id)
        return 204, None

    def visible(self, request: Request, network_id: str) -> Row:
        """Raises NetworkNotFound, also for one that the caller's project may not use."""
        row = self._api.network_row(network_id)
        if (project := request.context.project_filter) is not None:
            self._api.require_usable(row, project)
        return row

    # -- subnets

    def subnets(self, request: Request, network_id: str) -> Result:
        """As Melange has them now."""
        self.visible(request, network_id)
        found = self._api.list_subnets(network_id)
        return 200, {"subnets": [show_subnet(block) for block in found]}

    def create_subnet(self, request: Request, network_id: str) -> Result:
        made = self._api.create_subnet(network_id, subnet_spec(request.body["subnet"]))
        return 201, {"subnet": show_subnet(made)}

    def delete_subnet(self, request: Request, network_id: str, subnet_id: str) -> Result:
        """Refused while an address of it is in use."""
        self._api.delete_subnet(network_id, subnet_id)
        return 204, None


def network_spec(asked: Body) -> NetworkSpec:
    """A body that ``CREATE`` accepts."""
    given = dict(asked)
    subnets = tuple(subnet_spec(subnet) for subnet in given.pop("subnets", ()))
    return NetworkSpec(adopt=given.pop("id", None), blocks=subnets, **given)


def subnet_spec(asked: Body) -> BlockSpec:
    return BlockSpec(**{**asked, "dns": tuple(asked.get("dns", ()))})


def show_subnet(block: Block) -> Body:
    shown: dict[str, Any] = {
        name: getattr(block, name) for name in ("id", "version", "cidr", "gateway", "priority")
    }
    return shown | {"dns": list(block.dns)}


def _show(request: Request, row: Row) -> Body:
    shown: Body = {name: row[name] for name in PUBLIC}
    shown["subnets"] = [show_subnet(Block.of_json(block)) for block in row["blocks"]]
    if request.context.all_projects:
        shown |= {name: row[name] for name in PRIVATE}
        shown |= {name: row["l2"].get(name) for name in LAYER_2}
    return shown | common.timestamps(row)
