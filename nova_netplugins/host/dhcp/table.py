"""The hosts of one network: which are wanted, and which its dnsmasq knows.

dnsmasq takes up new files in ``hosts.d`` by itself, but forgets nothing until it reads all hosts
anew, and refuses a line with a MAC or an address that it has. So what is new is added, what goes
is added as to be ignored, and only what is neither needs everything to be read anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nova_netplugins.host.dhcp import files as layout
from nova_netplugins.host.dhcp.files import NetworkFiles
from nova_netplugins.host.dhcp.model import DhcpHost
from nova_netplugins.host.errors import HostError

# Beyond this many lines one reading of all hosts is less work for dnsmasq.
MOST_ADDED = 250


class HostTable:
    """Not safe for threads: its owner has a lock."""

    def __init__(self, files: NetworkFiles) -> None:
        self._files = files
        self._wanted: dict[str, DhcpHost] = {}
        self._owners: dict[str, str] = {}
        self._known: dict[str, str] = {}
        # MACs and addresses that dnsmasq has a line for, be it one that does not count any more.
        self._taken: set[str] = set()
        self._added = 0
        self._dirty: set[str] = set()

    def load(self) -> None:
        """Learn from the files what a running dnsmasq knows."""
        added = [layout.read(path) for path in self._files.additions()]
        for text in (layout.read(self._files.hosts), *added):
            for line in text.splitlines():
                self._learn(line)
        self._added = sum(text.count("\n") for text in added)

    def replace(self, hosts: Iterable[DhcpHost]) -> None:
        """These are wanted and no others. Raises HostError if two have a MAC or address."""
        wanted = {host.nic_id: host for host in hosts}
        owners: dict[str, str] = {}
        for host in wanted.values():
            for key in _keys(host):
                other = owners.setdefault(key, host.nic_id)
                if other != host.nic_id:
                    raise HostError(f"virtual NICs {other} and {host.nic_id} both have {key}")
        self._wanted, self._owners = wanted, owners
        self._dirty = set(wanted) | set(self._known)

    def add(self, host: DhcpHost) -> None:
        """This one is wanted too. It takes the place of whichever had its MAC or address: it is
        the database that sees to their being unique, and what it said last is true."""
        self.discard(host.nic_id)
        for key in _keys(host):
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
            for key in _keys(host):
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
            known, line = self._known.get(nic_id, ""), layout.render_host(host) if host else ""
            if known == line:
                continue
            if known and line:
                return None
            if known:
                lines.append(layout.render_removal(nic_id, _mac_of(known)))
            elif host is not None and self._taken.isdisjoint(_keys(host)):
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
                self._learn(line)
            self._added += len(lines)
        self._dirty.clear()

    def rewrite(self, domain: str) -> None:
        """Write all that is wanted into ``hosts`` and ``names``; ``hosts.d`` is empty after."""
        lines = [line for line in map(layout.render_host, self._wanted.values()) if line]
        layout.write(self._files.hosts, "".join(f"{line}\n" for line in lines))
        layout.write(self._files.names, self.names(domain))
        for path in self._files.additions():
            path.unlink()
        self._known.clear()
        self._taken.clear()
        for line in lines:
            self._learn(line)
        self._added = 0
        self._dirty.clear()

    def _learn(self, line: str) -> None:
        rule, _, nic_id = line.partition(" # ")
        words = rule.split(",")
        if words[-1] == "ignore":
            self._known.pop(nic_id, None)
        else:
            self._known[nic_id] = line
            # The tags, the MAC, the address, the name.
            self._taken.update(words[-3:-1])


def _keys(host: DhcpHost) -> tuple[str, ...]:
    return (host.mac.lower(), host.ipv4) if host.ipv4 else ()


def _mac_of(line: str) -> str:
    return line.split(",")[-3]
