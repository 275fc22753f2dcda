"""DHCP and router advertisements for the networks that a host serves; leases back to net-api."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Collection
from pathlib import Path
from typing import Any

from nova_netplugins import plugin
from nova_netplugins.ethernet import gateway
from nova_netplugins.ethernet.gateway import Serving
from nova_netplugins.host.dhcp.leases import LeaseChange, LeaseWatcher
from nova_netplugins.host.dhcp.model import DhcpHost, DhcpNetwork, DhcpSubnet
from nova_netplugins.host.dhcp.network import Settings
from nova_netplugins.host.errors import BadSettings, HostError
from nova_netplugins.host.router import Names
from nova_netplugins.host.ruleset_router import METADATA_ADDRESS

LOG = logging.getLogger(__name__)

_AT_ONCE = 20_000
"""Leases told in one call: net-api limits its bodies."""


class Dhcp:
    """``serving``: what net-api tells of a network (``ethernet.serving.Serving.describe``)."""

    def __init__(self, context: plugin.ServiceContext, service: str) -> None:
        self._client = context.client
        self._host_name = context.host_name
        self._path = f"/hosts/{context.host_name}/networks"
        self._options = context.conf[service]
        settings = Settings(extra_conf=self._options.dnsmasq_config_file)
        self._server = context.host.dhcp_server(Path(context.state_dir), settings)
        # What each NIC was last served as: to end its lease when it is gone.
        self._hosts: dict[str, dict[str, DhcpHost]] = {}
        self._leases = LeaseWatcher(self._server.lease_files, self._tell)
        self._leases.start()

    def ensure(self, serving: Serving) -> None:
        """Serve exactly the NICs of the network. Raises HostError."""
        network = serving["network"]
        if not network["enable_dhcp"]:
            self.remove(network["id"])
            return
        hosts = {nic["id"]: host for nic in serving["nics"] if (host := self._host(nic))}
        self._serve(self._network(serving), hosts.values())
        gone = self._hosts.get(network["id"], {}).keys() - hosts.keys()
        for nic_id in gone:
            self._end_lease(network["id"], self._hosts[network["id"]][nic_id])
        self._hosts[network["id"]] = hosts

    def _serve(self, network: DhcpNetwork, hosts: Collection[DhcpHost]) -> None:
        """Rather without the operator's options than not at all."""
        try:
            self._server.ensure(network, hosts)
        except BadSettings as error:
            if not network.options:
                raise
            LOG.error("network %s is served without its DHCP options: %s", network.id, error)
            self._server.ensure(dataclasses.replace(network, options={}), hosts)

    def ensure_nic(self, serving: Serving, nic_id: str) -> None:
        """Serve the NIC if ``serving`` has it, else serve it no more. Others stay as they are."""
        network_id = serving["network"]["id"]
        if network_id not in self._hosts:
            return
        known = self._hosts[network_id]
        host = next((self._host(nic) for nic in serving["nics"] if nic["id"] == nic_id), None)
        before = known.get(nic_id)
        if host is not None:
            self._server.ensure_host(network_id, host)
            known[nic_id] = host
        elif before is not None:
            self._server.remove_host(network_id, nic_id)
            del known[nic_id]
        if before is not None and (host is None or _ipv4(host) != _ipv4(before)):
            self._end_lease(network_id, before)

    def remove(self, network_id: str) -> None:
        self._hosts.pop(network_id, None)
        self._server.remove(network_id)

    def close(self) -> None:
        self._leases.stop()
        self._server.close()

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
            options=network["dhcp_options"],
        )

    def _dns_servers(self, network: dict[str, Any]) -> list[str]:
        servers = list(self._options.dns_server)
        if self._options.use_network_dns_servers:
            servers += [server for server in (network["dns1"], network["dns2"]) if server]
        return servers

    def _host(self, nic: dict[str, Any]) -> DhcpHost | None:
        """None, and a line in the log, for a NIC that cannot be served: the others must be."""
        try:
            return DhcpHost(
                nic_id=nic["id"],
                mac=nic["mac_address"],
                addresses=[address for address in (nic["ipv4"], nic["ipv6"]) if address],
                hostname=nic["hostname"],
                default_route=nic["default_route"] or not self._options.use_single_default_gateway,
            )
        except HostError as error:
            LOG.error("virtual NIC %s gets no DHCP: %s", nic["id"], error)
            return None

    # -- leases ------------------------------------------------------------------------------------

    def _end_lease(self, network_id: str, host: DhcpHost) -> None:
        address = _ipv4(host)
        if not self._options.force_dhcp_release or address is None:
            return
        try:
            self._server.release_lease(network_id, address, host.mac)
        except HostError as error:
            LOG.warning("the lease of %s could not be ended: %s", address, error)

    def _tell(self, change: LeaseChange) -> None:
        leased = [lease.address for lease in change.leased]
        ended = [lease.address for lease in change.ended]
        # While nobody watched, leases may have ended unseen.
        complete = change.first and len(leased) <= _AT_ONCE
        for start in range(0, max(len(leased), len(ended), 1), _AT_ONCE):
            end = start + _AT_ONCE
            leases = {"leased": leased[start:end], "released": ended[start:end]}
            path = f"{self._path}/{change.network_id}/leases"
            self._client.put(path, {"leases": {**leases, "complete": complete}})


def _routes(serving: Serving) -> dict[str, str]:
    """Where the gateway is not ours, the metadata address is reached through us all the same."""
    network = serving["network"]
    if network["cidr"] is None or network["multi_host"]:
        return {}
    if network["gateway"] == serving["address"]:
        return {}
    return {f"{METADATA_ADDRESS}/32": serving["address"]}


def _ipv4(host: DhcpHost) -> str | None:
    return next((address for address in host.addresses if ":" not in address), None)
