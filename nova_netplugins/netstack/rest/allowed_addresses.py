"""``/virtual_nics/{virtual_nic_id}/allowed_addresses``: what a NIC may send from beside its own
addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.wsgi.request import Request, Result
from nova_netplugins.netstack.rest.ports import normal_address
from nova_netplugins.netstack.rest.virtual_nics import VirtualNics

if TYPE_CHECKING:
    from nova_netplugins.netstack.net_api import NetstackNetApi


class AllowedAddresses:
    def __init__(self, api: NetstackNetApi, nics: VirtualNics) -> None:
        self._api = api
        self._nics = nics

    def index(self, request: Request, virtual_nic_id: str) -> Result:
        self._nics.visible(request, virtual_nic_id)
        return 200, {"allowed_addresses": _shown(self._api.allowed_addresses(virtual_nic_id))}

    def create(self, request: Request, virtual_nic_id: str, address: str) -> Result:
        """One that Melange has given out on the NIC's network to the NIC's project."""
        self._nics.visible(request, virtual_nic_id)
        allowed = self._api.allow_address(virtual_nic_id, normal_address(address))
        return 200, {"allowed_addresses": _shown(allowed)}

    def delete(self, request: Request, virtual_nic_id: str, address: str) -> Result:
        self._nics.visible(request, virtual_nic_id)
        self._api.forbid_address(virtual_nic_id, normal_address(address))
        return 204, None


def _shown(allowed: list[str]) -> list[dict[str, str]]:
    return [{"address": address} for address in allowed]
