"""``/floating_ips`` as far as the contract carries them, for the net-api of any service."""

from __future__ import annotations

from typing import Protocol

from netkit.wsgi.paging import list_query
from netkit.wsgi.request import Request, Result
from nova_netplugins import errors, plugin
from nova_netplugins.ethernet.rest import common
from nova_netplugins.wire import to_dict

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


class FloatingApi(plugin.NetApi, Protocol):
    def allocate_floating_ip(
        self, project_id: str, pool: str | None = None, address: str | None = None
    ) -> plugin.FloatingIp: ...

    def get_floating_ip(self, address: str) -> plugin.FloatingIp: ...


class LentIps:
    def __init__(self, api: FloatingApi) -> None:
        self._lender = api

    def show(self, request: Request, address: str) -> Result:
        return 200, {"floating_ip": to_dict(self._visible(request, address))}

    def create(self, request: Request) -> Result:
        asked = request.body["floating_ip"]
        project = common.acting_project(request, asked.get("project_id"))
        lent = self._lender.allocate_floating_ip(project, asked.get("pool"), asked.get("address"))
        return 201, {"floating_ip": to_dict(lent)}

    def delete(self, request: Request, address: str) -> Result:
        self._lender.release_floating_ip(self._visible(request, address).address)
        return 204, None

    def associate(self, request: Request, address: str) -> Result:
        """Without a fixed address: the first IPv4 one of the NIC."""
        lent = self._visible(request, address)
        asked = request.body["association"]
        nic = self._lender.get_virtual_nic(asked["virtual_nic_id"])
        if not request.context.sees(nic.project_id):
            raise errors.VirtualNicNotFound(field="virtual_nic_id", value=nic.id)
        fixed = asked.get("fixed_address") or _first_v4(nic)
        done = self._lender.associate_floating_ip(lent.address, fixed, nic.id)
        return 200, {"floating_ip": to_dict(done)}

    def disassociate(self, request: Request, address: str) -> Result:
        lent = self._visible(request, address)
        return 200, {"floating_ip": to_dict(self._lender.disassociate_floating_ip(lent.address))}

    def _visible(self, request: Request, address: str) -> plugin.FloatingIp:
        lent = self._lender.get_floating_ip(address)
        if not request.context.sees(lent.project_id):
            raise errors.FloatingIpNotFound(field="floating_ip", value=address)
        return lent


def _first_v4(nic: plugin.VirtualNic) -> str:
    for fixed in nic.fixed_ips:
        if fixed.version == 4:
            return fixed.address
    raise errors.FixedIpNotFound(
        f"virtual NIC {nic.id} has no IPv4 address to put a floating one before",
        field="virtual_nic_id",
        value=nic.id,
    )
