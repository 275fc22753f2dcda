"""``/virtual_nics`` and ``/instances/{instance_id}/virtual_nics``: ethernet cards, and what an
instance has of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netkit.wsgi.request import Request, Result
from nova_netplugins import errors
from nova_netplugins.ethernet.rest import common
from nova_netplugins.ethernet.rest.instance_nics import LIST, InstanceNics
from nova_netplugins.wire import to_dict

if TYPE_CHECKING:
    from nova_netplugins.ethernet.net_api import EthernetNetApi

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


class VirtualNics(InstanceNics):
    def __init__(self, api: EthernetNetApi) -> None:
        super().__init__(api)
        self._api = api

    def index(self, request: Request) -> Result:
        columns = self._api.tables.ethernet_cards.c
        where = common.matching(request, columns, *LIST["properties"].keys() - {"limit", "marker"})
        where += common.own(request, columns["project_id"])
        query = common.page_of_rows(request, self._api.card_rows(*where), columns["id"])
        nics = [to_dict(nic) for nic in self._api.virtual_nics(query)]
        return 200, request.page.collection("virtual_nics", nics)

    def create(self, request: Request) -> Result:
        wishes: dict[str, Any] = dict(request.body["virtual_nic"])
        project = common.acting_project(request, wishes.pop("project_id", None))
        common.refuse_binding(request, wishes.get("host"))
        wishes["mac"] = wishes.pop("mac_address", None)
        nic = self._api.create_virtual_nic(project, wishes.pop("network_id", None), **wishes)
        return 201, {"virtual_nic": to_dict(nic)}

    def attach(self, request: Request, instance_id: str, virtual_nic_id: str) -> Result:
        self.visible(request, virtual_nic_id)
        common.path_text("instance_id", instance_id, 36)
        nic = self._api.attach_virtual_nic(virtual_nic_id, instance_id)
        return 200, {"virtual_nic": to_dict(nic)}

    def detach(self, request: Request, instance_id: str, virtual_nic_id: str) -> Result:
        nic = self.visible(request, virtual_nic_id)
        if nic.instance_id != instance_id:
            raise errors.VirtualNicNotFound(
                f"instance {instance_id!r} has no virtual NIC {virtual_nic_id!r}",
                field="virtual_nic_id",
                value=virtual_nic_id,
            )
        self._api.detach_virtual_nic(virtual_nic_id)
        return 204, None
