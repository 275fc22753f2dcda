"""A cloud with netstack: layer 2 of its own, and Melange beside net-api on the first host."""

from __future__ import annotations

import contextlib
import ipaddress
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from netkit.wsgi.server import Server
from nova_netplugins.host import namespaces
from tests.dataplane import cloud as clouds
from tests.dataplane.cloud import BIN, FLOATING_RANGE, Cloud
from tests.dataplane.net_api import Row
from tests.melange import service as melange_service
from tests.melange.service import Service

MAC_RANGE = "fa:16:3e:00:00:00/24"
DEFAULT_TENANT = "default"


@dataclass
class Beside:
    """A cloud and its Melange, ``ipam``: what is done there nobody in the cloud is told of."""

    cloud: Cloud
    ipam: Service

    def manage(self, *arguments: str) -> str:
        """What ``nova-netplugins-manage netstack`` prints, be what it tells good or bad."""
        node = self.cloud.node
        tool = [str(BIN / "nova-netplugins-manage"), "--config-file", str(node.config)]
        return node.machine.run(*tool, "netstack", *arguments, codes=(0, 1))

    def allocate(self, project: str, network: Row, **wishes: Any) -> list[Row]:
        """The NIC of a new instance on the first host."""
        wanted = {"network_id": network["id"], **wishes}
        body = {"project_id": project, "host": self.cloud.node.name, "networks": [wanted]}
        path = f"/netstack/instances/{uuid.uuid4()}/virtual_nics"
        made = self.cloud.api.post(path, {"virtual_nics": body})["virtual_nics"]
        return [{**nic, "service": "netstack"} for nic in made]

    def make_network(self, project: str | None, *cidrs: str, **wishes: Any) -> Row:
        subnets = [{"cidr": cidr} for cidr in cidrs]
        wanted = {"project_id": project, "subnets": subnets, **wishes}
        return self.cloud.make_network("netstack", **wanted)

    def make_floating(self, project: str) -> str:
        """A floating address of the project."""
        asked = {"floating_ip": {"project_id": project}}
        lent = self.cloud.api.post("/netstack/floating_ips", asked)["floating_ip"]
        return str(lent["address"])

    def blocks(self, network: Row) -> list[Row]:
        tenant = network["project_id"] or DEFAULT_TENANT
        path = f"/tenants/{tenant}/networks/{network['id']}"
        found: list[Row] = self.ipam.ok("GET", path)["ip_blocks"]
        return found


def short(address: str) -> str:
    """Melange writes IPv6 addresses in full."""
    return str(ipaddress.ip_address(address))


@contextlib.contextmanager
def running(
    hosts: int = 1,
    services: Sequence[str] = ("netstack",),
    prepare: Callable[[Cloud], None] = lambda cloud: None,
    **options: object,
) -> Iterator[Beside]:
    """``prepare``: what else is to be there before the daemons start. ``options``: of
    ``[netstack]``."""
    with clouds.prepared(hosts=hosts, services=services) as cloud:
        directory = cloud.directory / "melange"
        directory.mkdir()
        ipam = melange_service.service(directory)
        range_ = {"mac_address_range": {"cidr": MAC_RANGE}}
        ipam.ok("POST", "/mac_address_ranges", range_)
        public = {"type": "public", "cidr": FLOATING_RANGE, "shared": True}
        ipam.ok("POST", f"/tenants/{DEFAULT_TENANT}/ip_blocks", {"ip_block": public})
        with namespaces.entered(cloud.node.machine.netns):
            server = Server(ipam.app)
        server.start()
        try:
            cloud.configure("service", sync_interval=1)
            cloud.configure("melange", endpoint_override=server.url)
            usual = {"l2_driver": "local", "default_tenant": DEFAULT_TENANT, "follow_interval": 1}
            cloud.configure("netstack", **{**usual, **options})
            prepare(cloud)
            cloud.start()
            yield Beside(cloud, ipam)
        finally:
            server.stop()
