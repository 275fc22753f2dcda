"""``/hosts/{host}/networks``: what a net-service on a network host asks and tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.wsgi.request import Request, Result
from nova_netplugins.ethernet.rest import common

if TYPE_CHECKING:
    from nova_netplugins.ethernet.net_api import EthernetNetApi

DESCRIBE = {
    "type": "object",
    "properties": {"nic_id": common.ID, "unless_state": {"type": "string", "maxLength": 64}},
    "additionalProperties": False,
}
_ADDRESSES = {"type": "array", "items": common.ADDRESS, "maxItems": 65536}
LEASES = common.body_of(
    "leases",
    {"leased": _ADDRESSES, "released": _ADDRESSES, "complete": common.BOOLEAN},
)


class Hosts:
    def __init__(self, api: EthernetNetApi) -> None:
        self._api = api

    def claim(self, request: Request, host: str) -> Result:
        """The host offers to serve: it takes networks that nobody serves. Repeating it changes
        nothing."""
        host = common.path_text("host", host, 255)
        return 200, {"network_ids": self._api.claim_networks(host)}

    def describe(self, request: Request, host: str, network_id: str) -> Result:
        """All that the host must know to serve the network; only its state if that is unchanged."""
        state = request.params.get("unless_state")
        if state is not None and self._api.serving_state(network_id) == state:
            return 200, {"serving": {"state": state}}
        host = common.path_text("host", host, 255)
        serving = self._api.describe_serving(host, network_id, request.params.get("nic_id"))
        network = serving["network"]
        hidden = ("created_at", "updated_at", "deleted_at", "deleted", "pool_id")
        shown = {name: value for name, value in network.items() if name not in hidden}
        return 200, {"serving": {**serving, "network": shown}}

    def leases(self, request: Request, host: str, network_id: str) -> Result:
        asked = request.body["leases"]
        self._api.set_leased(
            network_id,
            asked.get("leased", []),
            asked.get("released", []),
            complete=asked.get("complete", False),
        )
        return 204, None
