"""``/virtual_nics`` and ``/instances/{instance_id}/virtual_nics`` as far as the contract carries
them, for the net-api of any service."""

from __future__ import annotations

from typing import Protocol

from netkit.wsgi.paging import list_query
from netkit.wsgi.request import Request, Result
from nova_netplugins import errors, plugin
from nova_netplugins.ethernet.rest import common
from nova_netplugins.wire import to_dict

_STATUS = {"type": "string", "enum": [plugin.ACTIVE, plugin.DOWN]}
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


class NicApi(plugin.NetApi, Protocol):
    def rename_virtual_nic(self, nic_id: str, hostname: str | None) -> plugin.VirtualNic: ...


class InstanceNics:
    def __init__(self, api: NicApi) -> None:
        self._nics = api

    def show(self, request: Request, virtual_nic_id: str) -> Result:
        return 200, {"virtual_nic": to_dict(self.visible(request, virtual_nic_id))}

    def update(self, request: Request, virtual_nic_id: str) -> Result:
        self.visible(request, virtual_nic_id)
        hostname = request.body["virtual_nic"]["hostname"]
        nic = self._nics.rename_virtual_nic(virtual_nic_id, hostname)
        return 200, {"virtual_nic": to_dict(nic)}

    def delete(self, request: Request, virtual_nic_id: str) -> Result:
        self.visible(request, virtual_nic_id)
        self._nics.delete_virtual_nic(virtual_nic_id)
        return 204, None

    def bind(self, request: Request, virtual_nic_id: str) -> Result:
        nic = self._nics.bind_virtual_nic(virtual_nic_id, request.body["binding"]["host"])
        return 200, {"virtual_nic": to_dict(nic)}

    def report(self, request: Request, virtual_nic_id: str) -> Result:
        self._nics.report_virtual_nic(virtual_nic_id, request.body["status"]["status"])
        return 204, None

    def visible(self, request: Request, nic_id: str) -> plugin.VirtualNic:
        """Raises VirtualNicNotFound, also for a NIC of another project than the caller's."""
        nic = self._nics.get_virtual_nic(nic_id)
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
        nics = self._nics.allocate_for_instance(wanted)
        return 201, {"virtual_nics": [to_dict(nic) for nic in nics]}

    def deallocate(self, request: Request, instance_id: str) -> Result:
        self._instance(request, instance_id)
        self._nics.deallocate_for_instance(instance_id)
        return 204, None

    def _instance(self, request: Request, instance_id: str) -> list[plugin.VirtualNic]:
        """An instance's NICs; of another project's instance there are none."""
        nics = self._nics.list_virtual_nics(instance_id=instance_id)
        hidden = [nic for nic in nics if not request.context.sees(nic.project_id)]
        if hidden:
            raise errors.VirtualNicNotFound(
                f"instance {instance_id!r} has no virtual NICs",
                field="instance_id",
                value=instance_id,
            )
        return list(nics)
