"""Which hosts of a network are to be served, whoever serves them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from nova_netplugins.host.dhcp.model import DhcpHost, DhcpNetwork
from nova_netplugins.host.errors import HostError


class WantedHosts:
    """Not safe for threads: its owner has a lock. ``changes`` counts what was changed."""

    def __init__(self) -> None:
        self.changes = 0
        self._network: DhcpNetwork | None = None
        self._wanted: dict[str, DhcpHost] = {}
        self._given: dict[str, tuple[str, ...]] = {}
        self._owners: dict[str, str] = {}

    @property
    def hosts(self) -> Collection[DhcpHost]:
        return self._wanted.values()

    def given(self, nic_id: str) -> tuple[str, ...]:
        """The addresses that the host is given, see ``DhcpNetwork.given``; none if it is not
        wanted."""
        return self._given.get(nic_id, ())

    def replace(self, network: DhcpNetwork, hosts: Iterable[DhcpHost]) -> None:
        """These are wanted and no others. Raises HostError, and changes nothing, if two that are
        given an address have the same one or the same MAC."""
        wanted = {host.nic_id: host for host in hosts}
        given = {host.nic_id: network.given(host) for host in wanted.values()}
        owners: dict[str, str] = {}
        for host in wanted.values():
            for key in _keys(host, given[host.nic_id]):
                other = owners.setdefault(key, host.nic_id)
                if other != host.nic_id:
                    raise HostError(f"virtual NICs {other} and {host.nic_id} both have {key}")
        self._network, self._wanted, self._given, self._owners = network, wanted, given, owners
        self._touch(wanted)

    def add(self, host: DhcpHost) -> None:
        """This one is wanted too. It takes the place of whichever had its MAC or address: it is
        the database that sees to their being unique, and what it said last is true."""
        self.discard(host.nic_id)
        given = self._network.given(host) if self._network else ()
        for key in _keys(host, given):
            if key in self._owners:
                self.discard(self._owners[key])
            self._owners[key] = host.nic_id
        self._wanted[host.nic_id] = host
        self._given[host.nic_id] = given
        self._touch([host.nic_id])

    def discard(self, nic_id: str) -> None:
        """That one is not wanted."""
        host = self._wanted.pop(nic_id, None)
        if host is not None:
            for key in _keys(host, self._given.pop(nic_id)):
                del self._owners[key]
            self._touch([nic_id])

    def _touch(self, nic_ids: Iterable[str]) -> None:
        self.changes += 1


def _keys(host: DhcpHost, given: tuple[str, ...]) -> tuple[str, ...]:
    return (host.mac, *given) if given else ()
