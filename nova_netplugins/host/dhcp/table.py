"""The hosts of one network: which are wanted, and which its dnsmasq knows.

dnsmasq takes up new files in ``hosts.d`` by itself, but forgets nothing until it reads all hosts
anew, and refuses a line with a MAC or an address that it has. So what is new is added, what goes
is added as to be ignored, and only what is neither needs everything to be read anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nova_netplugins.host.dhcp import files as layout
from nova_netplugins.host.dhcp.files import NetworkFiles
from nova_netplugins.host.dhcp.model import DhcpHost, DhcpNetwork
from nova_netplugins.host.errors import HostError

# Beyond this many lines one reading of all hosts is less work for dnsmasq.
MOST_ADDED = 250


class HostTable:
    """Not safe for threads: its owner has a lock."""

    def __init__(self, files: NetworkFiles) -> None:
        self._files = files
        self._network: DhcpNetwork | None = None
        self._wanted: dict[str, DhcpHost] = {}
        self._owners: dict[str, str] = {}
        self._known: dict[str, str] = {}
        # MACs and addresses that dnsmasq has a line for, be it one that does not count any more.
        self._taken: set[str] = set()
        self._added = 0
        self._dirty: set[str] = set()

    def load(self) -> None:
        """Learn from the files what a running dnsmasq knows."""
        self._known, self._taken, self._added = layout.read_hosts(self._files)

    def replace(self, network: DhcpNetwork, hosts: Iterable[DhcpHost]) -> None:
        """These are wanted and no others. Raises HostError if two have a MAC or address."""
        wanted = {host.nic_id: host for host in hosts}
        self._owners = owners(network, wanted.values())
        self._network, self._wanted = network, wanted
        self._dirty = set(wanted) | set(self._known)

    def add(self, host: DhcpHost) -> None:
        """This one is wanted too. It takes the place of whichever had its MAC or address: it is
        the database that sees to their being unique, and what it said last is true."""
        self.discard(host.nic_id)
        for key in self._keys(host):
            if key in self._owners:
                self.discard(self._owners[key])
            self._owners[key] = host.nic_id
        self._wanted[host.nic_id] = host
        self._dirty.add(host.nic_id)

    def discard(self, nic_id: str) -> None:
        """That one is not wanted."""
        host = self._wanted.pop(nic_id, None)
        if host is not None:
            self._dirty.add(nic_id)
            for key in self._keys(host):
                del self._owners[key]

    def names(self, domain: str) -> str:
        return layout.render_names(self._wanted.values(), domain)

    @property
    def has_additions(self) -> bool:
        return self._added > 0

    def additions(self) -> Sequence[str] | None:
        """The lines that make dnsmasq know what is wanted; None if it must read all anew."""
        lines = []
        for nic_id in self._dirty:
            host = self._wanted.get(nic_id)
            known, line = self._known.get(nic_id, ""), self._line(host) if host else ""
            if known == line:
                continue
            if known and line:
                return None
            if known:
                lines.append(layout.render_removal(nic_id, layout.parse_host(known)[0]))
            elif host is not None and self._taken.isdisjoint(self._keys(host)):
                lines.append(line)
            else:
                return None
        return None if self._added + len(lines) > MOST_ADDED else lines

    def append(self, lines: Sequence[str]) -> None:
        """Write what ``additions`` gave into a new file of ``hosts.d``."""
        if lines:
            # Numbers go up for good: dnsmasq is to see a new file, not a changed one.
            names = [path.name for path in self._files.additions() if path.name.isdecimal()]
            name = f"{int(names[-1]) + 1 if names else 1:08}"
            layout.write(self._files.added / name, "".join(f"{line}\n" for line in lines))
            for line in lines:
                layout.learn(line, self._known, self._taken)
            self._added += len(lines)
        self._dirty.clear()

    def rewrite(self, domain: str) -> None:
        """Write all that is wanted into ``hosts`` and ``names``; ``hosts.d`` is empty after."""
        lines = [line for line in map(self._line, self._wanted.values()) if line]
        layout.write(self._files.hosts, "".join(f"{line}\n" for line in lines))
        layout.write(self._files.names, self.names(domain))
        for path in self._files.additions():
            path.unlink()
        self._known.clear()
        self._taken.clear()
        for line in lines:
            layout.learn(line, self._known, self._taken)
        self._added = 0
        self._dirty.clear()

    def _given(self, host: DhcpHost) -> tuple[str, ...]:
        return () if self._network is None else self._network.given(host)

    def _keys(self, host: DhcpHost) -> tuple[str, ...]:
        given = self._given(host)
        return (host.mac, *given) if given else ()

    def _line(self, host: DhcpHost) -> str:
        return layout.render_host(host, self._given(host))


def owners(network: DhcpNetwork, hosts: Iterable[DhcpHost]) -> dict[str, str]:
    """Whose each MAC and each address is, of those that are given one: the NIC's id. Raises
    HostError if two have the same."""
    found: dict[str, str] = {}
    for host in hosts:
        given = network.given(host)
        for key in (host.mac, *given) if given else ():
            other = found.setdefault(key, host.nic_id)
            if other != host.nic_id:
                raise HostError(f"virtual NICs {other} and {host.nic_id} both have {key}")
    return found
