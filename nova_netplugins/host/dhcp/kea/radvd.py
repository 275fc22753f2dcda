"""Router advertisements of one network, by a radvd of its own (RFC 4861)."""

from __future__ import annotations

import time
from pathlib import Path

from nova_netplugins.host.commands import run, start_server
from nova_netplugins.host.dhcp.daemon import STOP_SECONDS, Daemon
from nova_netplugins.host.dhcp.files import (
    ADVERTISE_SECONDS,
    ROUTER_SECONDS,
    is_router,
    read,
    write,
)
from nova_netplugins.host.dhcp.kea.files import RadvdFiles
from nova_netplugins.host.dhcp.model import DhcpNetwork
from nova_netplugins.host.errors import HostError


def render(network: DhcpNetwork, index: int) -> str:
    """``radvd.conf``; ``index``: the device's number."""
    subnets = network.of_version(6)
    managed = any(subnet.stateful for subnet in subnets)
    lines = [
        f"# Network {network.id}, device {index}. Written by nova-netplugins: it is overwritten.",
        f"interface {network.device} {{",
        "AdvSendAdvert on;",
        f"MinRtrAdvInterval 3; MaxRtrAdvInterval {ADVERTISE_SECONDS};",
        # A lifetime of 0 says that this is no default router (RFC 4861, 6.2.3).
        f"AdvDefaultLifetime {ROUTER_SECONDS if is_router(network) else 0};",
        f"AdvManagedFlag {_flag(managed)}; AdvOtherConfigFlag {_flag(managed)};",
    ]
    if network.mtu:
        lines.append(f"AdvLinkMTU {network.mtu};")
    for subnet in subnets:
        lines.append(f"prefix {subnet.cidr} {{ AdvAutonomous {_flag(subnet.slaac)}; }};")
    told = [server for subnet in subnets for server in subnet.dns]
    servers = told or [server for server in network.dns_servers if ":" in server]
    if servers:
        lines.append(f"RDNSS {' '.join(dict.fromkeys(servers))} {{ }};")
    if network.domain:
        lines.append(f"DNSSL {network.domain.strip('.')} {{ }};")
    return "\n".join([*lines, "};"]) + "\n"


class Radvd:
    """Not safe for threads: its owner has a lock."""

    def __init__(self, directory: Path) -> None:
        self.files = RadvdFiles(directory)
        words = ["radvd", f"--config={self.files.conf}", f"--pidfile={self.files.pid}"]
        self.daemon = Daemon([*words, "--nodaemon", "--logmethod=syslog"], self.files.pid)

    @property
    def is_wanted(self) -> bool:
        return self.files.conf.exists()

    def converge(self, text: str, netns: str) -> None:
        """It runs in the namespace, with these settings. Raises HostError with its words."""
        pid = self.daemon.pid()
        if pid is not None and not self.daemon.is_in(pid, netns):
            self.stop()
            pid = None
        if pid is not None and read(self.files.conf) == text and not self.files.reload.exists():
            return
        # Also for whoever comes after us, if we are killed before it is told.
        self.files.reload.touch()
        write(self.files.conf, text)
        run([self.daemon.argv[0], f"--config={self.files.conf}", "--configtest"], netns)
        if not self.daemon.reload():
            self._start(netns)
        self.files.reload.unlink()

    def stop(self) -> None:
        """It does not run, and has no settings."""
        self.daemon.stop()
        self.files.conf.unlink(missing_ok=True)

    def _start(self, netns: str) -> None:
        self.files.pid.unlink(missing_ok=True)
        start_server(self.daemon.argv, netns, self.files.directory, {}, self.files.said)
        deadline = time.monotonic() + STOP_SECONDS
        # Only one that found its settings and its device in order writes its process id.
        while not read(self.files.pid).strip():
            if time.monotonic() > deadline:
                self.daemon.stop()
                said = read(self.files.said).strip() or "see the system log"
                raise HostError(f"radvd of {self.files.conf} does not start: {said}")
            time.sleep(0.02)


def _flag(on: bool) -> str:
    return "on" if on else "off"
