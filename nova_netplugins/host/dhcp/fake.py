"""A DHCP server without a network, for tests that have no root."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nova_netplugins.host.dhcp.model import DhcpHost, DhcpNetwork, DhcpSubnet, Lease
from nova_netplugins.host.dhcp.server import DhcpServer
from nova_netplugins.host.dhcp.wanted import WantedHosts
from nova_netplugins.host.errors import NotFound


@dataclass
class _Served:
    network: DhcpNetwork
    pid: int
    wanted: WantedHosts = field(default_factory=WantedHosts)
    leases: dict[str, Lease] = field(default_factory=dict)


class FakeDhcp(DhcpServer):
    """Serves whoever calls ``request``, as dnsmasq serves a client."""

    def __init__(self) -> None:
        self._served: dict[str, _Served] = {}
        self._started = 0

    def request(
        self, network_id: str, mac: str, version: int = 4
    ) -> tuple[DhcpHost, DhcpNetwork, DhcpSubnet, str] | None:
        """What a client with this MAC is given, the first address of that IP version; None:
        nothing."""
        served = self._served.get(network_id)
        if served is None or not served.pid:
            return None
        host = next((one for one in served.wanted.hosts if one.mac == mac.lower()), None)
        if host is None:
            return None
        network = served.network
        for address in served.wanted.given(host.nic_id):
            subnet = network.subnet_of(address)
            holder = served.leases.get(address)
            if subnet is None or subnet.version != version or (holder and holder.mac != host.mac):
                continue
            expires = int(time.time()) + network.lease_seconds
            served.leases[address] = Lease(host.mac, address, host.label, expires)
            return host, network, subnet, address
        return None

    def kill(self, network_id: str) -> None:
        """As kill -9 of the server: it runs again after ``ensure``."""
        self._served[network_id].pid = 0

    def ensure(self, network: DhcpNetwork, hosts: Iterable[DhcpHost]) -> None:
        served = self._served.get(network.id, _Served(network, 0))
        served.wanted.replace(network, hosts)
        served.network = network
        self._served[network.id] = served
        if not served.pid:
            self._started += 1
            served.pid = self._started

    def ensure_host(self, network_id: str, host: DhcpHost) -> None:
        self._of(network_id).wanted.add(host)

    def remove_host(self, network_id: str, nic_id: str) -> None:
        if network_id in self._served:
            self._served[network_id].wanted.discard(nic_id)

    def remove(self, network_id: str) -> None:
        self._served.pop(network_id, None)

    def running(self) -> Mapping[str, int]:
        return {network_id: served.pid for network_id, served in self._served.items() if served.pid}

    def networks(self) -> Sequence[str]:
        return sorted(self._served)

    def served(self, network_id: str) -> Mapping[str, Sequence[str]]:
        served = self._served.get(network_id)
        if served is None or not served.pid:
            return {}
        given = {host.mac: served.wanted.given(host.nic_id) for host in served.wanted.hosts}
        return {mac: addresses for mac, addresses in given.items() if addresses}

    def distrust(self, network_id: str) -> None:
        """It is told all anew each time."""

    def leases(self, network_id: str) -> Sequence[Lease]:
        served = self._served.get(network_id)
        return list(served.leases.values()) if served else []

    def lease_files(self) -> Mapping[str, Path]:
        return {}

    def release_lease(self, network_id: str, address: str, mac: str) -> None:
        leases = self._of(network_id).leases
        if address in leases and leases[address].mac == mac.lower():
            del leases[address]

    def close(self) -> None:
        """There is nothing to end."""

    def _of(self, network_id: str) -> _Served:
        if network_id not in self._served:
            raise NotFound(f"network {network_id} is not served: ensure it first")
        return self._served[network_id]
