"""One network's servers and its hosts, kept in step."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from pathlib import Path

from nova_netplugins.host.dhcp.kea import config, files, radvd, relay
from nova_netplugins.host.dhcp.kea.server import KeaServer, lease_commands
from nova_netplugins.host.dhcp.model import DhcpHost, DhcpNetwork, Lease
from nova_netplugins.host.dhcp.wanted import WantedHosts
from nova_netplugins.host.errors import HostError, NotFound
from nova_netplugins.host.namespaces import entered


class KeaNetwork:
    """For any thread. What several threads change at a time reaches Kea in one go."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._servers = {version: KeaServer(directory, version) for version in (4, 6)}
        self._radvd = radvd.Radvd(directory)
        self._relay = relay.Relay(directory)
        self._network: DhcpNetwork | None = None
        self._wanted = WantedHosts()
        self._wanted_lock = threading.Lock()
        # Held while Kea is told something, until it serves it.
        self._telling = threading.Lock()
        self._told_changes: int | None = None

    @property
    def network(self) -> DhcpNetwork:
        """The network as last ensured. Raises NotFound if it was not."""
        if self._network is None:
            raise NotFound(f"network {self._directory.name} is not served: ensure it first")
        return self._network

    def ensure(self, network: DhcpNetwork, hosts: Iterable[DhcpHost]) -> None:
        wanted = WantedHosts()
        wanted.replace(network, hosts)
        with self._telling:
            files.make(self._directory)
            for version, settings in self._render(network, WantedHosts()).items():
                self._servers[version].check(settings, network.netns)
            with self._wanted_lock:
                self._wanted = wanted
            self._network = network
            self._told_changes = None
            self._tell()

    def ensure_host(self, host: DhcpHost) -> None:
        _ = self.network
        with self._wanted_lock:
            self._wanted.add(host)
        with self._telling:
            self._tell()

    def remove_host(self, nic_id: str) -> None:
        with self._wanted_lock:
            self._wanted.discard(nic_id)
        with self._telling:
            if self._network is not None:
                self._tell()

    def served(self) -> dict[str, tuple[str, ...]]:
        """Addresses by MAC, as the servers say. Raises HostError."""
        found: dict[str, tuple[str, ...]] = {}
        with self._telling:
            for server in self._servers.values():
                for mac, addresses in server.served().items():
                    found[mac] = (*found.get(mac, ()), *addresses)
        return found

    def distrust(self) -> None:
        """``ensure`` has the servers take their settings, even if they say they have them."""
        with self._telling:
            for server in self._servers.values():
                server.distrust()

    def leases(self) -> list[Lease]:
        with self._telling:
            return [lease for server in self._servers.values() for lease in server.leases()]

    def release_lease(self, address: str, mac: str) -> None:
        server = self._servers[6 if ":" in address else 4]
        with self._telling:
            if server.daemon.pid() is None:
                raise HostError(f"{server.files.program} of {server.files.conf} is not running")
            server.end_lease(address, mac.lower())

    def pid(self) -> int | None:
        """The process that serves IPv4, or else IPv6; None if any that is wanted does not run."""
        beside = (self._relay, self._radvd)
        every: list[KeaServer | relay.Relay | radvd.Radvd] = [*self._servers.values(), *beside]
        pids = [server.daemon.pid() for server in every if server.is_wanted]
        return pids[0] if pids and None not in pids else None

    def remove(self) -> None:
        with self._telling:
            self._network = None
            self._radvd.stop()
            self._relay.stop()
            for server in self._servers.values():
                server.stop()
            files.delete(self._directory)

    def _tell(self) -> None:
        """The servers know what is wanted. A thread that waited for another to be done with this
        mostly finds that its own wish was taken along."""
        network = self.network
        with self._wanted_lock:
            changes = self._wanted.changes
            if changes == self._told_changes and self.pid() is not None:
                return
            settings = self._render(network, self._wanted)
        for version, server in self._servers.items():
            if version in settings:
                server.converge(settings[version], network.netns)
            elif server.is_wanted:
                server.stop()
        if 6 in settings:
            self._relay.converge(relay.render(network, self._relay), network.netns)
        elif self._relay.is_wanted:
            self._relay.stop()
        if network.of_version(6):
            self._radvd.converge(radvd.render(network, _index(network)), network.netns)
        elif self._radvd.is_wanted:
            self._radvd.stop()
        self._told_changes = changes

    def _render(self, network: DhcpNetwork, wanted: WantedHosts) -> dict[int, config.Settings]:
        """The settings of the servers that the network needs, by IP version."""
        given = [(host, wanted.given(host.nic_id)) for host in wanted.hosts]
        index, hook = _index(network), lease_commands()
        versions = {subnet.version for subnet in network.subnets if subnet.stateful}
        return {
            version: config.render(network, version, given, server.files, hook, index)
            for version, server in self._servers.items()
            if version in versions
        }


def _index(network: DhcpNetwork) -> int:
    """The device's number in its namespace. Raises NotFound."""
    with entered(network.netns):
        try:
            return socket.if_nametoindex(network.device)
        except OSError:
            raise NotFound(f"there is no link {network.device} in {network.netns}") from None
