"""DHCP and router advertisements for the networks that a host serves; leases back to net-api."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netkit.errors import NotFound
from nova_netplugins import errors, plugin
from nova_netplugins.ethernet import gateway
from nova_netplugins.ethernet.gateway import Serving
from nova_netplugins.ethernet.nic_dhcp import NicDhcp
from nova_netplugins.host.dhcp.fitting import only_fitting
from nova_netplugins.host.dhcp.leases import LeaseChange, LeaseWatcher
from nova_netplugins.host.dhcp.model import DhcpNetwork, DhcpSubnet
from nova_netplugins.host.dhcp.settings import Settings
from nova_netplugins.host.router import Names
from nova_netplugins.host.ruleset_router import METADATA_ADDRESS

_AT_ONCE = 20_000
"""Leases told in one call: net-api limits its bodies."""


class Dhcp(NicDhcp):
    """``serving``: what net-api tells of a network (``ethernet.serving.Serving.describe``)."""

    def __init__(self, context: plugin.ServiceContext, service: str) -> None:
        options = context.conf[service]
        settings = Settings(extra_conf=options.dnsmasq_config_file)
        server = context.host.dhcp_server(Path(context.state_dir), settings)
        super().__init__(server, options)
        self._client = context.client
        self._host_name = context.host_name
        self._path = f"/hosts/{context.host_name}/networks"
        self._leases = LeaseWatcher(server.lease_files, self._tell)
        self._leases.start()

    def close(self) -> None:
        self._leases.stop()
        super().close()

    # -- from net-api's words to the server's ------------------------------------------------------

    def _network(self, serving: Serving) -> DhcpNetwork:
        network, options = serving["network"], self._options
        names = Names(network["id"])
        subnets = []
        if network["cidr"] is not None:
            own_gateway = network["multi_host"] and not network["share_address"]
            router = serving["address"] if own_gateway else network["gateway"]
            v4 = DhcpSubnet(network["cidr"], serving["address"], router, routes=_routes(serving))
            subnets.append(v4)
        if network["cidr_v6"] is not None:
            # Without a gateway: IPv6 ends here.
            own = gateway.address_v6(serving, self._host_name)
            subnets.append(DhcpSubnet(network["cidr_v6"], own, slaac=True))
        return DhcpNetwork(
            id=network["id"],
            netns=names.netns,
            device=names.inside,
            subnets=subnets,
            domain=options.dhcp_domain,
            lease_seconds=options.dhcp_lease_time,
            dns_servers=self._dns_servers(network),
            mtu=network["mtu"] or 0,
            options=only_fitting(network["dhcp_options"], 4, f"network {network['id']}"),
        )

    def _dns_servers(self, network: dict[str, Any]) -> list[str]:
        servers = list(self._options.dns_server)
        if self._options.use_network_dns_servers:
            servers += [server for server in (network["dns1"], network["dns2"]) if server]
        return servers

    def _addresses(self, nic: Mapping[str, Any]) -> list[str]:
        return [address for address in (nic["ipv4"], nic["ipv6"]) if address]

    # -- leases ------------------------------------------------------------------------------------

    def _tell(self, change: LeaseChange) -> None:
        leased = [lease.address for lease in change.leased]
        ended = [lease.address for lease in change.ended]
        # While nobody watched, leases may have ended unseen.
        complete = change.first and len(leased) <= _AT_ONCE
        for start in range(0, max(len(leased), len(ended), 1), _AT_ONCE):
            end = start + _AT_ONCE
            leases = {"leased": leased[start:end], "released": ended[start:end]}
            path = f"{self._path}/{change.network_id}/leases"
            try:
                self._client.put(path, {"leases": {**leases, "complete": complete}})
            except NotFound as error:
                if error.code != errors.NetworkNotFound.code:
                    raise
                # It was deleted: the next comparison ends its DHCP.
                return


def _routes(serving: Serving) -> dict[str, str]:
    """Where the gateway is not ours, the metadata address is reached through us all the same."""
    network = serving["network"]
    if network["cidr"] is None or network["multi_host"]:
        return {}
    if network["gateway"] == serving["address"]:
        return {}
    return {f"{METADATA_ADDRESS}/32": serving["address"]}
