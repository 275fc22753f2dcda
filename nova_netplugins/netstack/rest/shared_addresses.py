"""``/networks/{network_id}/shared_addresses``: an address for several NICs, of which one has it at
a time; and its ``/holder``, the one that has it now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.wsgi.request import Request, Result
from nova_netplugins import errors
from nova_netplugins.ethernet.rest import common
from nova_netplugins.netstack.addresses import SharedAddress
from nova_netplugins.netstack.rest.networks import Networks
from nova_netplugins.netstack.rest.ports import normal_address
from nova_netplugins.wire import to_dict

if TYPE_CHECKING:
    from nova_netplugins.netstack.net_api import NetstackNetApi

CREATE = common.body_of(
    "shared_address",
    {
        "project_id": common.PROJECT,
        "virtual_nic_ids": {
            "type": "array",
            "items": common.ID,
            "minItems": 1,
            "maxItems": 64,
            "uniqueItems": True,
        },
        "address": common.ADDRESS,
        "version": {"type": "integer", "enum": [4, 6]},
    },
    required=("virtual_nic_ids",),
)
HOLD = common.body_of("holder", {"virtual_nic_id": common.ID}, required=("virtual_nic_id",))


class SharedAddresses:
    def __init__(self, api: NetstackNetApi, networks: Networks) -> None:
        self._api = api
        self._networks = networks

    def index(self, request: Request, network_id: str) -> Result:
        self._networks.visible(request, network_id)
        found = self._api.list_shared_addresses(network_id, request.context.project_filter)
        return 200, {"shared_addresses": [to_dict(one) for one in found]}

    def show(self, request: Request, network_id: str, address: str) -> Result:
        return 200, {"shared_address": to_dict(self._visible(request, network_id, address))}

    def create(self, request: Request, network_id: str) -> Result:
        """The NICs, of one project, may send from it at once. Without ``address``: the next free
        one, of IPv4 unless ``version`` says otherwise."""
        self._networks.visible(request, network_id)
        asked = request.body["shared_address"]
        made = self._api.create_shared_address(
            network_id,
            common.acting_project(request, asked.get("project_id")),
            asked["virtual_nic_ids"],
            address=asked.get("address"),
            version=asked.get("version"),
        )
        return 201, {"shared_address": to_dict(made)}

    def delete(self, request: Request, network_id: str, address: str) -> Result:
        shared = self._visible(request, network_id, address)
        self._api.delete_shared_address(shared)
        return 204, None

    # -- the holder

    def holder(self, request: Request, network_id: str, address: str) -> Result:
        shared = self._visible(request, network_id, address)
        return 200, {"holder": _holder(shared, self._api.holder(shared))}

    def hold(self, request: Request, network_id: str, address: str) -> Result:
        """Melange refuses a NIC that may not have it."""
        shared = self._visible(request, network_id, address)
        nic_id = self._api.set_holder(shared, request.body["holder"]["virtual_nic_id"])
        return 200, {"holder": _holder(shared, nic_id)}

    def resign(self, request: Request, network_id: str, address: str) -> Result:
        self._api.unset_holder(self._visible(request, network_id, address))
        return 204, None

    def _visible(self, request: Request, network_id: str, address: str) -> SharedAddress:
        self._networks.visible(request, network_id)
        shared = self._api.get_shared_address(network_id, normal_address(address))
        if not request.context.sees(shared.project_id):
            raise errors.SharedAddressNotFound(field="address", value=address, network=network_id)
        return shared


def _holder(shared: SharedAddress, nic_id: str | None) -> dict[str, str | None]:
    return {"address": shared.address, "virtual_nic_id": nic_id}
