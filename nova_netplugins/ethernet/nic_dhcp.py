"""DHCP for the NICs of the networks that a host serves, whatever net-api calls things."""

from __future__ import annotations

import dataclasses
import logging
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any

from oslo_config import cfg

from nova_netplugins.ethernet.gateway import Serving
from nova_netplugins.host.dhcp.model import DhcpHost, DhcpNetwork
from nova_netplugins.host.dhcp.server import DhcpServer
from nova_netplugins.host.errors import BadSettings, HostError

LOG = logging.getLogger(__name__)


class NicDhcp(ABC):
    """``serving``: what net-api tells of a network; its ``network`` has ``id`` and ``enable_dhcp``,
    each of its ``nics`` ``id``, ``mac_address``, ``hostname`` and ``default_route``. ``options``:
    those of ``ethernet.options.dhcp``."""

    def __init__(self, server: DhcpServer, options: cfg.ConfigOpts.GroupAttr) -> None:
        self._server = server
        self._options = options
        self._networks: dict[str, DhcpNetwork] = {}
        # What each NIC was last served as: to end its leases when it is gone.
        self._hosts: dict[str, dict[str, DhcpHost]] = {}

    @abstractmethod
    def _network(self, serving: Serving) -> DhcpNetwork | None:
        """The network in the server's words; None: there is no DHCP on it."""

    @abstractmethod
    def _addresses(self, nic: Mapping[str, Any]) -> list[str]:
        """All that the NIC has, the most important first."""

    def ensure(self, serving: Serving) -> None:
        """Serve exactly the NICs of the network. Raises HostError."""
        network_id = serving["network"]["id"]
        network = self._network(serving) if serving["network"]["enable_dhcp"] else None
        if network is None:
            self.remove(network_id)
            return
        hosts = {nic["id"]: host for nic in serving["nics"] if (host := self._host(nic))}
        self._serve(network, hosts.values())
        self._networks[network_id] = network
        for nic_id, before in self._hosts.get(network_id, {}).items():
            self._end_leases(network, before, hosts.get(nic_id))
        self._hosts[network_id] = hosts

    def _serve(self, network: DhcpNetwork, hosts: Collection[DhcpHost]) -> None:
        """Rather without the operator's options than not at all."""
        try:
            self._server.ensure(network, hosts)
        except BadSettings as error:
            if not (network.options or any(subnet.options for subnet in network.subnets)):
                raise
            LOG.error("network %s is served without its DHCP options: %s", network.id, error)
            plain = [dataclasses.replace(subnet, options={}) for subnet in network.subnets]
            self._server.ensure(dataclasses.replace(network, options={}, subnets=plain), hosts)

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
        if before is not None:
            self._end_leases(self._networks[network_id], before, host)

    def remove(self, network_id: str) -> None:
        self._hosts.pop(network_id, None)
        self._networks.pop(network_id, None)
        self._server.remove(network_id)

    def close(self) -> None:
        self._server.close()

    def _host(self, nic: Mapping[str, Any]) -> DhcpHost | None:
        """None, and a line in the log, for a NIC that cannot be served: the others must be."""
        try:
            return DhcpHost(
                nic_id=nic["id"],
                mac=nic["mac_address"],
                addresses=self._addresses(nic),
                hostname=nic["hostname"],
                default_route=nic["default_route"] or not self._options.use_single_default_gateway,
            )
        except HostError as error:
            LOG.error("virtual NIC %s gets no DHCP: %s", nic["id"], error)
            return None

    def _end_leases(self, network: DhcpNetwork, before: DhcpHost, now: DhcpHost | None) -> None:
        """Of the addresses that it was given before and is not now."""
        if not self._options.force_dhcp_release or before == now:
            return
        kept = () if now is None else network.given(now)
        for address in network.given(before):
            if address not in kept:
                try:
                    self._server.release_lease(network.id, address, before.mac)
                except HostError as error:
                    LOG.warning("the lease of %s could not be ended: %s", address, error)
