"""A net-api server with netstack on a database of its own, over a real Melange and the built-in
layer 2."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from melange.client import Client
from nova_netplugins.netstack.net_api import NetstackNetApi
from tests.api.ethernet.served import ServedCloud, Service

_serial = itertools.count(1)


@dataclass(frozen=True)
class Netstack(Service):
    """``default_tenant``: of this cloud alone, as its projects are; the Melange is everybody's."""

    melange: Client | None = None
    default_tenant: str = ""

    @property
    def ipam(self) -> Client:
        assert self.melange is not None
        return self.melange

    def network(self, project_id: str | None = None, **wishes: Any) -> dict[str, Any]:
        """A network of the project, or of all; with 10.1.0.0/24 unless the wishes name subnets."""
        body: dict[str, Any] = {"label": "net", "subnets": [{"cidr": "10.1.0.0/24"}], **wishes}
        if project_id is not None:
            body["project_id"] = project_id
        made: dict[str, Any] = self.post("/networks", {"network": body})["network"]
        return made

    def nics(self, project_id: str, network: dict[str, Any], count: int = 1) -> list[str]:
        """The ids of NICs of as many instances on the network."""
        made = [
            self.boot(project_id, f"{project_id}-{next(_serial)}", network) for _ in range(count)
        ]
        return [nic["id"] for [nic] in made]

    def pool(self, size: int = 28, tenant: str = "") -> str:
        """The name of a new pool of floating addresses, a public block of the default tenant's, or
        of another's."""
        number = next(_serial)
        block = self.ipam.ip_blocks.create(
            tenant or self.default_tenant,
            f"100.{number // 256}.{number % 256}.0/{size}",
            "public",
            shared=True,
        )
        return block["id"]

    def share(self, network: dict[str, Any], nics: list[str], **wishes: Any) -> dict[str, Any]:
        body = {"shared_address": {"virtual_nic_ids": nics, **wishes}}
        made = self.post(f"/networks/{network['id']}/shared_addresses", body)
        shared: dict[str, Any] = made["shared_address"]
        return shared

    def pairs(self, nic_id: str) -> list[str]:
        """What the NIC's agent lets it send from."""
        nic = self.get(f"/virtual_nics/{nic_id}")["virtual_nic"]
        return sorted(ip for ip, _ in nic["attributes"]["allowed_address_pairs"])

    def everything(self) -> dict[str, Any]:
        """All that an administrator can list: equal before and after a refused call."""
        admin = replace(self, headers={})
        nouns = ("networks", "virtual_nics", "ports", "fixed_ips", "floating_ips")
        return {noun: admin.get(f"/{noun}") for noun in nouns}


def netstack_of(served: ServedCloud, melange: Client) -> Netstack:
    """Calls of an administrator."""
    tenant = served.conf.netstack.default_tenant
    return Netstack(served.url, "netstack", melange=melange, default_tenant=tenant)


def net_api(served: ServedCloud) -> NetstackNetApi:
    """A net-api without a server around it, as a further process would have."""
    api = served.cloud.net_api("netstack", served.prompted["netstack"])
    assert isinstance(api, NetstackNetApi)
    return api


def write_conf(directory: Path, database_url: str, melange_url: str) -> Path:
    """A configuration file with netstack as the default service."""
    services = directory / "nova-network.conf"
    services.write_text("nova_netplugins.netstack\nnova_netplugins.flat\n")
    file = directory / "nova-netplugins.conf"
    file.write_text(
        f"[DEFAULT]\nstate_path = {directory}\nnetwork_service_conf = {services}\n"
        "default_network_service = nova_netplugins.netstack\n"
        f"[database]\nconnection = {database_url}\nmax_pool_size = 20\nmax_overflow = 60\n"
        f"[melange]\nauth_type = none\nendpoint_override = {melange_url}\n"
        "[netstack]\nl2_driver = local\nfollow_interval = 0\n"
        f"default_tenant = default-{next(_serial)}\n"
    )
    return file
