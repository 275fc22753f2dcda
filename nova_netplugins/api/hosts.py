"""``/v1.0/hosts/{host}/...``: what a compute host's net-agent asks and tells, of all services."""

from __future__ import annotations

from collections.abc import Mapping

from netkit.wsgi import Mapper, Request, Result, Route
from nova_netplugins.catalogue import Catalogue
from nova_netplugins.plugin import ACTIVE, DOWN, NetApi
from nova_netplugins.wire import to_dict

REPORT = {
    "type": "object",
    "properties": {
        "virtual_nic": {
            "type": "object",
            "properties": {
                "service": {"type": "string", "minLength": 1, "maxLength": 32},
                "status": {"type": "string", "enum": [ACTIVE, DOWN]},
            },
            "required": ["service", "status"],
            "additionalProperties": False,
        }
    },
    "required": ["virtual_nic"],
    "additionalProperties": False,
}


class Hosts:
    """One call lists the work of all network services: an agent asks often, and for all of them."""

    def __init__(self, catalogue: Catalogue, apis: Mapping[str, NetApi]) -> None:
        self._catalogue = catalogue
        self._apis = apis

    def routes(self, mapper: Mapper) -> None:
        host = "/hosts/{host}"
        nic = f"{host}/virtual_nics/{{virtual_nic_id}}"
        mapper.add(
            Route("GET", f"{host}/wirings", self.wirings, "hosts:wirings"),
            Route("PUT", nic, self.report, "hosts:report", request_schema=REPORT),
        )

    def wirings(self, request: Request, host: str) -> Result:
        rows = [
            {"service": name, **to_dict(wiring)}
            for name, api in self._apis.items()
            for wiring in api.wirings(host)
        ]
        return 200, {"wirings": rows}

    def report(self, request: Request, host: str, virtual_nic_id: str) -> Result:
        asked = request.body["virtual_nic"]
        service = self._catalogue.get(asked["service"])
        self._apis[service.name].report_virtual_nic(virtual_nic_id, asked["status"])
        return 204, None
