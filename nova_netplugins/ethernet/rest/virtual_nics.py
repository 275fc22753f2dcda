"""``/virtual_nics`` and ``/instances/{instance_id}/virtual_nics``: ethernet cards, and what an
instance has of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netkit.wsgi.paging import list_query
from netkit.wsgi.request import Request, Result
from nova_netplugins import errors, plugin
from nova_netplugins.ethernet.rest import common
from nova_netplugins.wire import to_dict

if TYPE_CHECKING:
    from nova_netplugins.ethernet.net_api import EthernetNetApi

_STATUS = {"type": "string", "enum": [plugin.ACTIVE, plugin.DOWN]}
CREATE = common.body_of(
    "virtual_nic",
    {
        "project_id": common.PROJECT,
        "network_id": common.ID,
        "addresses": common.ADDRESSES,
        "mac_address": common.MAC,
        "instance_id": common.ID,
        "host": common.HOST,
        "hostname": common.HOSTNAME,
    },
)
UPDATE = common.body_of(
    "virtual_nic", {"hostname": common.nullable(common.HOSTNAME)}, required=("hostname",)
)
BIND = common.body_of("binding", {"host": common.nullable(common.HOST)}, required=("host",))
REPORT = common.body_of("status", {"status": _STATUS}, required=("status",))
LIST = list_query(
    project_id=common.PROJECT,
    network_id=common.ID,
    instance_id=common.ID,
    host=common.HOST,
    mac_address=common.MAC,
    status=_STATUS,
)
ALLOCATE = common.body_of(
    "virtual_nics",
    {
        "project_id": common.PROJECT,
        "host": common.nullable(common.HOST),
        "hostname": common.nullable(common.HOSTNAME),
        "networks": {
            "type": "array",
            "maxItems": 64,
            "items": {
                "type": "object",
                "properties": {
                    "network_id": common.nullable(common.ID),
                    "addresses": common.ADDRESSES,
                    "mac_address": common.nullable(common.MAC),
                },
                "additionalProperties": False,
            },
        },
    },
)


class VirtualNics:
    def __init__(self, api: EthernetNetApi) -> None:
        self._api = api

    def index(self, request: Request) -> Result:
        columns = self._api.tables.ethernet_cards.c
        where = common.matching(request, columns, *LIST["properties"].keys() - {"limit", "marker"})
        where += common.own(request, columns["project_id"])
        query = common.page_of_rows(request, self._api.card_rows(*where), columns["id"])
        nics = [to_dict(nic) for nic in self._api.virtual_nics(query)]
        return 200, request.page.collection("virtual_nics", nics)

    def show(self, request: Request, virtual_nic_id: str) -> Result:
        return 200, {"virtual_nic": to_dict(self._visible(request, virtual_nic_id))}

    def create(self, request: Request) -> Result:
        wishes: dict[str, Any] = dict(request.body["virtual_nic"])
        project = common.acting_project(request, wishes.pop("project_id", None))
        common.refuse_binding(request, wishes.get("host"))
        wishes["mac"] = wishes.pop("mac_address", None)
        nic = self._api.create_virtual_nic(project, wishes.pop("network_id", None), **wishes)
        return 201, {"virtual_nic": to_dict(nic)}

    def update(self, request: Request, virtual_nic_id: str) -> Result:
        self._visible(request, virtual_nic_id)
        hostname = request.body["virtual_nic"]["hostname"]
        nic = self._api.rename_virtual_nic(virtual_nic_id, hostname)
        return 200, {"virtual_nic": to_dict(nic)}

    def delete(self, request: Request, virtual_nic_id: str) -> Result:
        self._visible(request, virtual_nic_id)
        self._api.delete_virtual_nic(virtual_nic_id)
        return 204, None

    def bind(self, request: Request, virtual_nic_id: str) -> Result:
        nic = self._api.bind_virtual_nic(virtual_nic_id, request.body["binding"]["host"])
        return 200, {"virtual_nic": to_dict(nic)}

    def report(self, request: Request, virtual_nic_id: str) -> Result:
        self._api.report_virtual_nic(virtual_nic_id, request.body["status"]["status"])
        return 204, None

    def _visible(self, request: Request, nic_id: str) -> plugin.VirtualNic:
        nic = self._api.get_virtual_nic(nic_id)
        if not request.context.sees(nic.project_id):
            raise errors.VirtualNicNotFound(field="virtual_nic_id", value=nic_id)
        return nic

    # -- of an instance

    def of_instance(self, request: Request, instance_id: str) -> Result:
        nics = self._instance(request, instance_id)
        return 200, {"virtual_nics": [to_dict(nic) for nic in nics]}

    def allocate(self, request: Request, instance_id: str) -> Result:
        """All NICs that the instance asks for, or none."""
        asked = request.body["virtual_nics"]
        project = common.acting_project(request, asked.get("project_id"))
        common.refuse_binding(request, asked.get("host"))
        wanted = plugin.InstanceRequest(
            instance_id=common.path_text("instance_id", instance_id, 36),
            project_id=project,
            host=asked.get("host"),
            hostname=asked.get("hostname"),
            nics=tuple(
                plugin.RequestedNic(
                    nic.get("network_id"), tuple(nic.get("addresses", ())), nic.get("mac_address")
                )
                for nic in asked.get("networks", ())
            ),
        )
        nics = self._api.allocate_for_instance(wanted)
        return 201, {"virtual_nics": [to_dict(nic) for nic in nics]}

    def deallocate(self, request: Request, instance_id: str) -> Result:
        self._instance(request, instance_id)
        self._api.deallocate_for_instance(instance_id)
        return 204, None

    def attach(self, request: Request, instance_id: str, virtual_nic_id: str) -> Result:
        self._visible(request, virtual_nic_id)
        common.path_text("instance_id", instance_id, 36)
        nic = self._api.attach_virtual_nic(virtual_nic_id, instance_id)
        return 200, {"virtual_nic": to_dict(nic)}

    def detach(self, request: Request, instance_id: str, virtual_nic_id: str) -> Result:
        nic = self._visible(request, virtual_nic_id)
        if nic.instance_id != instance_id:
            raise errors.VirtualNicNotFound(
                f"instance {instance_id!r} has no virtual NIC {virtual_nic_id!r}",
                field="virtual_nic_id",
                value=virtual_nic_id,
            )
        self._api.detach_virtual_nic(virtual_nic_id)
        return 204, None

    def _instance(self, request: Request, instance_id: str) -> list[plugin.VirtualNic]:
        """An instance's NICs; of another project's instance there are none."""
        nics = self._api.list_virtual_nics(instance_id=instance_id)
        hidden = [nic for nic in nics if not request.context.sees(nic.project_id)]
        if hidden:
            raise errors.VirtualNicNotFound(
                f"instance {instance_id!r} has no virtual NICs",
                field="instance_id",
                value=instance_id,
            )
        return list(nics)
