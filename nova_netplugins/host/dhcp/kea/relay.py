"""What tells kea-dhcp6 a client's MAC: a dnsmasq that only relays.

Of DHCPv6 the MAC is no part, and Kea makes one out of what the client says of itself: of its DUID,
which a machine has one of for all its NICs, or none, or of its link-local address, if the MAC is
one of a manufacturer, as no instance's is. A relay on the wire asks the kernel, and adds what it
finds to the question (RFC 6939).
"""

from __future__ import annotations

from pathlib import Path

from nova_netplugins.host.dhcp.files import read, write
from nova_netplugins.host.dhcp.model import DhcpNetwork
from nova_netplugins.host.dhcp.process import Process

# Where kea-dhcp6 listens, in the network's namespace: on the wire it would be asked directly.
LISTENS, PORT = "::1", 10547


def render(network: DhcpNetwork, relay: Relay) -> str:
    """``relay.conf``, for a network where addresses of IPv6 are given."""
    address = next(subnet.server for subnet in network.of_version(6) if subnet.stateful)
    lines = [
        f"# Relay of network {network.id}. Written by nova-netplugins: it is overwritten.",
        f"pid-file={relay.written}",
        "user=nobody",
        # No DNS.
        "port=0",
        "bind-dynamic",
        f"interface={network.device}",
        f"dhcp-relay={address},{LISTENS}#{PORT}",
    ]
    return "\n".join(lines) + "\n"


class Relay:
    """Not safe for threads: its owner has a lock."""

    def __init__(self, directory: Path) -> None:
        self._conf, self.written = directory / "relay.conf", directory / "relay.pid"
        self.daemon = Process(self._conf, self.written)

    @property
    def is_wanted(self) -> bool:
        return self._conf.exists()

    def converge(self, text: str, netns: str) -> None:
        """It runs in the namespace, with these settings. Raises HostError with its words."""
        pid = self.daemon.pid()
        if pid is not None and read(self._conf) == text and self.daemon.is_in(pid, netns):
            return
        self.daemon.stop()
        # Only now that none runs with the one before: the file says what the running one was
        # started with, whenever we are killed.
        write(self._conf, text)
        self.daemon.start(netns)

    def stop(self) -> None:
        """It does not run, and has no settings."""
        self.daemon.stop()
        self._conf.unlink(missing_ok=True)
