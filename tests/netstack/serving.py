"""A network to serve, as net-api tells of it, and a net-api that tells of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nova_netplugins import conf as configuration
from nova_netplugins.client import RemoteNotFound
from nova_netplugins.host.driver import Host
from nova_netplugins.netstack import conf as options
from nova_netplugins.netstack.service import NetstackService
from nova_netplugins.plugin import ServiceContext

HOST_NAME = "h1"
TUNNEL_ADDRESS = "192.0.2.10"
GATEWAY_MAC = "fa:16:3e:00:00:01"
PORT_ID = "9d1b0c5e-port"

Told = dict[str, Any]


def subnet(cidr: str, gateway: str | None, **more: Any) -> Told:
    told: Told = {"id": cidr, "version": 6 if ":" in cidr else 4, "cidr": cidr}
    told |= {"gateway": gateway, "server": gateway, "slaac": False}
    return told | {"dns": [], "routes": [], "options": {}} | more


def nic(number: int, *addresses: str) -> Told:
    """``nic-<number>``, its MAC made of the number too."""
    told = {"id": f"nic-{number}", "mac_address": mac(number), "addresses": list(addresses)}
    return {**told, "hostname": None, "default_route": True}


def mac(number: int) -> str:
    return f"fa:16:3e:00:01:{number:02x}"


@dataclass
class Network:
    """One network, which host ``host`` serves, and its net-api."""

    subnets: list[Told]
    nics: list[Told] = field(default_factory=list)
    host: str | None = HOST_NAME
    routed: bool = True
    enable_dhcp: bool = True
    l2_driver: str = "local"
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    gone_with: str | None = None
    """With which code net-api says that something is not there."""
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    reports: list[Told] = field(default_factory=list)

    @property
    def serving(self) -> Told:
        network = {
            "id": self.id,
            "mtu": 1400,
            "host": self.host,
            "routed": self.routed,
            "enable_dhcp": self.enable_dhcp,
            "l2_driver": self.l2_driver,
            "segment": 7,
            "peers": [],
        }
        told: Told = {"network": network, "here": self.host == HOST_NAME}
        if told["here"]:
            gateway = {"nic_id": "gateway", "port_id": PORT_ID, "mac_address": GATEWAY_MAC}
            told |= {"gateway": gateway, "subnets": self.subnets, "nics": self.nics}
            told["floating_ips"] = []
        return told

    # -- as a client of net-api

    def get(self, path: str, **query: Any) -> Any:
        assert path == f"/hosts/{HOST_NAME}/networks/{self.id}"
        self.asked.append(query)
        if self.gone_with is not None:
            raise RemoteNotFound("not found", status=404, code=self.gone_with)
        serving = self.serving
        if "nic_id" in query and serving["here"]:
            found = [one for one in self.nics if one["id"] == query["nic_id"]]
            serving = {name: serving[name] for name in ("network", "here")} | {"nics": found}
        return {"serving": serving}

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        if path == "/reconciliation":
            return {"reconciliation": {"changed": [], "failed": []}}
        if path == f"/hosts/{HOST_NAME}/networks":
            if self.host is None:
                self.host = HOST_NAME
            return {"network_ids": [self.id] if self.host == HOST_NAME else []}
        if path == f"/hosts/{HOST_NAME}/networks/{self.id}/dhcp":
            self.reports.append(body["dhcp"])
        else:
            assert path == f"/hosts/{HOST_NAME}/tunnel"
        return None

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        raise AssertionError(path)

    def delete(self, path: str) -> None:
        raise AssertionError(path)


def service(network: Network, host: Host, state: Path, driver: str = "dnsmasq") -> NetstackService:
    """The net-service of a host that has the tunnel address."""
    conf = configuration.load(config_files=[])
    options.register(conf)
    conf.set_override("state_path", str(state))
    conf.set_override("public_interface", "", group="gateway")
    conf.set_override("l2_driver", "local", group=options.GROUP)
    conf.set_override("tunnel_address", TUNNEL_ADDRESS, group=options.GROUP)
    conf.set_override("dhcp_driver", driver, group=options.GROUP)
    directory = state / "netstack"
    directory.mkdir(parents=True, exist_ok=True)
    return NetstackService(ServiceContext(conf, HOST_NAME, host, network, str(directory)))
