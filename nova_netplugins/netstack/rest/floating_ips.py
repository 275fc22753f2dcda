"""``/floating_ips`` and ``/floating_ip_pools``: Melange's, as it has them now."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from netkit.wsgi.request import Request, Result
from nova_netplugins.ethernet.rest.lent_ips import LentIps
from nova_netplugins.wire import to_dict

if TYPE_CHECKING:
    from nova_netplugins.netstack.net_api import NetstackNetApi


def _address(text: str) -> str:
    return str(ipaddress.ip_address(text))


_FILTERS: Mapping[str, Callable[[str], str]] = {
    "project_id": str,
    "pool": str,
    "address": _address,
    "fixed_address": _address,
    "virtual_nic_id": str,
}


class FloatingIps(LentIps):
    def __init__(self, api: NetstackNetApi) -> None:
        super().__init__(api)
        self._api = api

    def index(self, request: Request) -> Result:
        given = request.params
        wanted = {name: read(given[name]) for name, read in _FILTERS.items() if name in given}
        project = request.context.project_filter
        if project is None:
            project = wanted.get("project_id")
        found = [
            shown
            for shown in map(to_dict, self._api.list_floating_ips(project))
            if all(shown[name] == value for name, value in wanted.items())
        ]
        found.sort(key=lambda shown: str(shown["id"]))
        if (marker := request.page.marker) is not None:
            found = [shown for shown in found if shown["id"] > marker]
        return 200, request.page.collection("floating_ips", found)

    def pools(self, request: Request) -> Result:
        """The public blocks that Melange shares with every tenant."""
        pools = self._api.floating_pools()
        shown = [
            {"name": name, "cidrs": [block.cidr for block in blocks]}
            for name, blocks in pools.items()
        ]
        return 200, {"floating_ip_pools": shown}
