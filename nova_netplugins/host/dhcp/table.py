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
from nova_netplugins.host.dhcp.wanted import WantedHosts

# Beyond this many lines one reading of all hosts is less work for dnsmasq.
MOST_ADDED = 250


class HostTable(WantedHosts):
    """Not safe for threads: its owner has a lock."""

    def __init__(self, files: NetworkFiles) -> None:
        super().__init__()
        self._files = files
        self._known: dict[str, str] = {}
        # MACs and addresses that dnsmasq has a line for, be it one that does not count any more.
        self._taken: set[str] = set()
        self._added = 0
        self._dirty: set[str] = set()

    def load(self) -> None:
        """Learn from the files what a running dnsmasq knows."""
        self._known, self._taken, self._added = layout.read_hosts(self._files)

    def replace(self, network: DhcpNetwork, hosts: Iterable[DhcpHost]) -> None:
        super().replace(network, hosts)
        self._dirty.update(self._known)

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
            elif host is not None and self._taken.isdisjoint((host.mac, *self.given(nic_id))):
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

    def _line(self, host: DhcpHost) -> str:
        return layout.render_host(host, self.given(host.nic_id))

    def _touch(self, nic_ids: Iterable[str]) -> None:
        super()._touch(nic_ids)
        self._dirty.update(nic_ids)
