"""``/hosts/{host}/...``: what a net-service on a network host asks and tells, and where the host's
tunnels end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.wsgi.request import Request, Result
from nova_netplugins.ethernet.rest import common

if TYPE_CHECKING:
    from nova_netplugins.netstack.net_api import NetstackNetApi

DESCRIBE = {
    "type": "object",
    "properties": {"nic_id": common.ID},
    "additionalProperties": False,
}
_COUNT = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
_DIFFERENCE = {
    "type": "object",
    "properties": {
        "count": _COUNT,
        "examples": {
            "type": "array",
            "maxItems": 100,
            "items": {"type": "string", "minLength": 1, "maxLength": 255},
        },
    },
    "required": ["count", "examples"],
    "additionalProperties": False,
}
REPORT = common.body_of(
    "dhcp",
    {
        "driver": {"type": "string", "minLength": 1, "maxLength": 32},
        "allocated": _COUNT,
        "served": _COUNT,
        "missing": _DIFFERENCE,
        "extra": _DIFFERENCE,
        "wrong": _DIFFERENCE,
    },
    required=("driver", "allocated", "served", "missing", "extra", "wrong"),
)
TUNNEL = common.body_of("tunnel", {"address": common.ADDRESS}, required=("address",))


class Hosts:
    def __init__(self, api: NetstackNetApi) -> None:
        self._api = api

    def claim(self, request: Request, host: str) -> Result:
        """The host offers to serve: it takes networks that nobody serves. Repeating it changes
        nothing."""
        return 200, {"network_ids": self._api.claim_networks(_named(host))}

    def describe(self, request: Request, host: str, network_id: str) -> Result:
        """All that the host must know to serve the network, or of one NIC."""
        nic_id = request.params.get("nic_id")
        return 200, {"serving": self._api.describe_serving(_named(host), network_id, nic_id)}

    def report(self, request: Request, host: str, network_id: str) -> Result:
        """What its DHCP server serves, compared with what Melange says."""
        self._api.report_dhcp(_named(host), network_id, request.body["dhcp"])
        return 204, None

    def tunnel(self, request: Request, host: str) -> Result:
        self._api.register_tunnel(_named(host), request.body["tunnel"]["address"])
        return 204, None


def _named(host: str) -> str:
    return common.path_text("host", host, 255)
