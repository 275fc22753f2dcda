"""DHCP and router advertisements from what Melange says, and how far what is served is from it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from netkit.errors import ServiceError
from nova_netplugins import plugin
from nova_netplugins.ethernet.gateway import Serving
from nova_netplugins.ethernet.nic_dhcp import NicDhcp
from nova_netplugins.host.dhcp.fitting import only_fitting
from nova_netplugins.host.dhcp.model import DhcpHost, DhcpNetwork, DhcpSubnet
from nova_netplugins.host.dhcp.settings import Settings
from nova_netplugins.host.errors import HostError
from nova_netplugins.host.router import Names
from nova_netplugins.host.ruleset_router import METADATA_ADDRESS
from nova_netplugins.netstack import drift
from nova_netplugins.netstack.conf import GROUP
from nova_netplugins.netstack.drift import Drift

LOG = logging.getLogger(__name__)


class Dhcp(NicDhcp):
    """``serving``: what net-api tells of a network (``netstack.serving``)."""

    def __init__(self, context: plugin.ServiceContext) -> None:
        options = context.conf[GROUP]
        settings = Settings(driver=options.dhcp_driver, extra_conf=options.dnsmasq_config_file)
        super().__init__(context.host.dhcp_server(Path(context.state_dir), settings), options)
        self._client = context.client
        self._path = f"/hosts/{context.host_name}/networks"
        self._doubted: set[str] = set()
        self._repaired: list[str] = []

    def doubt(self, network_id: str) -> None:
        """The next ``ensure`` compares what the server says it serves, and tells net-api."""
        self._doubted.add(network_id)

    def take_repaired(self) -> list[str]:
        """What was repaired since the last time, in words."""
        repaired, self._repaired = self._repaired, []
        return repaired

    # -- drift

    def _serve(self, network: DhcpNetwork, hosts: Iterable[DhcpHost]) -> None:
        wanted = list(hosts)
        if network.id not in self._doubted:
            super()._serve(network, wanted)
            return
        self._doubted.discard(network.id)
        found = None
        if network.id in self._server.networks():
            found = self._compare(network, self._expected(network.id, wanted))
        if found is not None and found.repairable:
            LOG.warning("DHCP of network %s drifted, and is repaired: %s", network.id, found)
            self._repaired.append(f"repaired DHCP of network {network.id}: {found}")
            self._server.distrust(network.id)
        super()._serve(network, wanted)
        self._report(network.id, found or self._compare(network, wanted))

    def _expected(self, network_id: str, wanted: list[DhcpHost]) -> list[DhcpHost]:
        """What should be served before the server is told of ``wanted``: NICs that came or went
        since it was told last are no drift."""
        known = self._hosts.get(network_id)
        if known is None:
            return wanted
        now = {host.nic_id: host for host in wanted}
        return [now.get(nic_id, before) for nic_id, before in known.items()]

    def _compare(self, network: DhcpNetwork, hosts: list[DhcpHost]) -> Drift | None:
        try:
            return drift.compare(network, hosts, self._server.served(network.id))
        except HostError as error:
            LOG.info("what DHCP of network %s serves is not known: %s", network.id, error)
            return None

    def _report(self, network_id: str, found: Drift | None) -> None:
        if found is None:
            return
        report = {"driver": self._options.dhcp_driver, **found.to_json()}
        try:
            self._client.put(f"{self._path}/{network_id}/dhcp", {"dhcp": report})
        except ServiceError as error:
            # Whoever looks sees how old the last report is.
            LOG.warning("what DHCP of network %s serves is not told: %s", network_id, error)

    # -- from net-api's words to the server's

    def _network(self, serving: Serving) -> DhcpNetwork | None:
        network, options = serving["network"], self._options
        subnets = [_subnet(one) for one in serving["subnets"] if one["server"] is not None]
        if not subnets:
            return None
        names = Names(network["id"])
        return DhcpNetwork(
            id=network["id"],
            netns=names.netns,
            device=names.inside,
            subnets=subnets,
            domain=options.dhcp_domain,
            lease_seconds=options.dhcp_lease_time,
            dns_servers=options.dns_server,
            mtu=network["mtu"] or 0,
        )

    def _addresses(self, nic: Mapping[str, Any]) -> list[str]:
        return list(nic["addresses"])


def _subnet(told: Mapping[str, Any]) -> DhcpSubnet:
    is_v4 = told["version"] == 4
    return DhcpSubnet(
        cidr=told["cidr"],
        server=told["server"],
        # IPv6 ends at the router: it has no way out.
        gateway=told["gateway"] if is_v4 else None,
        dns=[server for server in told["dns"] if (":" not in server) == is_v4],
        routes=_routes(told) if is_v4 else {},
        options=only_fitting(told["options"], told["version"], f"block {told['cidr']}"),
        slaac=told["slaac"],
    )


def _routes(told: Mapping[str, Any]) -> dict[str, str]:
    """Where the gateway is not ours, the metadata address is reached through us all the same."""
    routes = {one["destination"]: one["gateway"] for one in told["routes"]}
    if told["gateway"] != told["server"]:
        routes.setdefault(f"{METADATA_ADDRESS}/32", told["server"])
    return routes
