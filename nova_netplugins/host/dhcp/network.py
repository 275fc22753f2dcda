"""One network's dnsmasq, its files and its hosts, kept in step."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from nova_netplugins.host.commands import run
from nova_netplugins.host.dhcp import files as layout
from nova_netplugins.host.dhcp.leases import read_client, read_leases
from nova_netplugins.host.dhcp.model import DhcpHost, DhcpNetwork, Lease
from nova_netplugins.host.dhcp.process import Process, wait_idle
from nova_netplugins.host.dhcp.settings import Settings
from nova_netplugins.host.dhcp.table import HostTable
from nova_netplugins.host.errors import BadSettings, HostError, NotFound

LOG = logging.getLogger(__name__)


class ServedNetwork:
    """For any thread. What several threads change at a time reaches dnsmasq in one go."""

    def __init__(self, directory: Path, settings: Settings) -> None:
        self.files = layout.NetworkFiles(directory)
        self.process = Process(self.files.conf, self.files.pid, settings.program)
        self._settings = settings
        self._network: DhcpNetwork | None = None
        self._table = HostTable(self.files)
        # Held while dnsmasq is told something, until it has understood.
        self._telling = threading.Lock()
        self._table_lock = threading.Lock()
        self._unconfirmed = False
        self._tidying: threading.Timer | None = None

    @property
    def network(self) -> DhcpNetwork:
        """The network as last ensured. Raises NotFound if it was not."""
        if self._network is None:
            raise NotFound(f"network {self.files.directory.name} is not served: ensure it first")
        return self._network

    def ensure(self, network: DhcpNetwork, hosts: Iterable[DhcpHost]) -> None:
        _check_prefixes(network)
        with self._telling:
            self.files.make()
            conf, options = self._render(network)
            unchanged = (layout.read(self.files.conf), layout.read(self.files.opts))
            if unchanged != (conf, options):
                self._check(conf, options)
            pid = self.process.pid()
            with self._table_lock:
                if pid is not None and self._network is None:
                    self._table.load()
                self._table.replace(network, hosts)
            if pid is not None and (
                conf != unchanged[0] or not self.process.is_in(pid, network.netns)
            ):
                self.process.stop()
                pid = None
            self._network = network
            if pid is None:
                self._start(conf, options)
            elif options != unchanged[1] or self.files.reload.exists():
                self._reread(options)
            else:
                self._tell()

    def ensure_host(self, host: DhcpHost) -> None:
        _ = self.network
        with self._table_lock:
            self._table.add(host)
        with self._telling:
            self._tell()

    def remove_host(self, nic_id: str) -> None:
        with self._table_lock:
            self._table.discard(nic_id)
        with self._telling:
            if self._network is not None:
                self._tell()

    def served(self) -> dict[str, tuple[str, ...]]:
        """The addresses by MAC, as a running dnsmasq has read them. Raises HostError if it may
        not have."""
        with self._telling:
            if self.process.pid() is None:
                return {}
            if self.files.reload.exists():
                name = self.files.directory.name
                raise HostError(f"dnsmasq of network {name} has files to read: ensure it again")
            lines = layout.read_hosts(self.files)[0]
        return dict(map(layout.parse_host, lines.values()))

    def distrust(self) -> None:
        """``ensure`` writes all files, and has them read."""
        with self._telling:
            if self.files.conf.exists():
                self.files.reload.touch()

    def leases(self) -> list[Lease]:
        """Those that have not ended. Whose one of IPv6 is, the hosts say: dnsmasq does not."""
        leases = read_leases(self.files.leases)
        if all(lease.mac for lease in leases):
            return leases
        lines = layout.read_hosts(self.files)[0].values()
        macs = {one: mac for mac, given in map(layout.parse_host, lines) for one in given}
        return [replace(one, mac=one.mac or macs.get(one.address, "")) for one in leases]

    def release_lease(self, address: str, mac: str) -> None:
        network = self.network
        if self.process.pid() is None:
            raise HostError(f"dnsmasq of network {network.id} is not running")
        argv = ["dhcp_release", network.device, address, mac]
        if ":" in address:
            client = read_client(self.files.leases, address)
            if client is None:
                return
            argv = ["dhcp_release6", "--iface", network.device, "--ip", address]
            argv += ["--client-id", client.duid, "--iaid", client.iaid]
            argv += ["--server-id", client.server_duid]
        run(argv, netns=network.netns)
        self._wait()

    def pid(self) -> int | None:
        return self.process.pid()

    def remove(self) -> None:
        with self._telling:
            self.close()
            self._network = None
            self.process.stop()
            self.files.delete()

    def close(self) -> None:
        if self._tidying is not None:
            self._tidying.cancel()

    def _render(self, network: DhcpNetwork) -> tuple[str, str]:
        # In a directory that is closed to others, such as one in /root, dnsmasq has to stay root.
        user = self._settings.user if layout.reachable_by_all(self.files.directory) else "root"
        conf = layout.render_conf(network, self.files, user, self._settings.extra_conf)
        return conf, layout.render_options(network)

    def _check(self, conf: str, options: str) -> None:
        """Raises BadSettings with the line that dnsmasq does not accept."""
        lines = [*conf.splitlines(), *(f"dhcp-option={line}" for line in options.splitlines())]
        argv = [self._settings.program, "--test", "--conf-file=-"]
        try:
            run(argv, stdin="".join(f"{line}\n" for line in lines))
        except NotFound:
            raise
        except HostError as error:
            at = re.search(r"at line (\d+) of (?:stdin|-)", str(error))
            which = f" '{lines[int(at[1]) - 1]}'" if at and int(at[1]) <= len(lines) else ""
            raise BadSettings(f"dnsmasq does not accept the settings{which}: {error}") from None

    def _start(self, conf: str, options: str) -> None:
        with self._table_lock:
            self._table.rewrite(self.network.domain)
        layout.write(self.files.opts, options)
        # Only now that none runs with the one before: the file says what the running one was
        # started with, whenever we are killed.
        layout.write(self.files.conf, conf)
        self.files.reload.unlink(missing_ok=True)
        self.process.start(self.network.netns)
        self._wait()

    def _reread(self, options: str | None = None) -> None:
        self.files.reload.touch()
        with self._table_lock:
            self._table.rewrite(self.network.domain)
        if options is not None:
            layout.write(self.files.opts, options)
        if self.process.reload():
            self.files.reload.unlink()
            self._wait()
        else:
            self._start(*self._render(self.network))

    def _tell(self) -> None:
        """dnsmasq knows what is wanted. A thread that waited for another to be done with this
        mostly finds that its own wish was taken along."""
        if self.process.pid() is None:
            self._start(*self._render(self.network))
            return
        with self._table_lock:
            lines = self._table.additions()
            if lines is not None:
                self._unconfirmed = self._unconfirmed or bool(lines)
                self._table.append(lines)
        if lines is None:
            self._reread()
        else:
            if self._unconfirmed:
                self._wait()
            self._tidy_later()

    def _wait(self) -> None:
        self._unconfirmed = True
        address = self.network.subnets[0].server
        if not wait_idle(self.network.netns, address) and self.process.pid() is None:
            raise HostError(f"dnsmasq of network {self.network.id} has ended; see the system log")
        self._unconfirmed = False

    def _tidy_later(self) -> None:
        with self._table_lock:
            domain = self.network.domain
            tidy = not self._table.has_additions and (
                layout.read(self.files.names) == self._table.names(domain)
            )
        if tidy or (self._tidying is not None and self._tidying.is_alive()):
            return
        self._tidying = threading.Timer(self._settings.tidy_seconds, self._tidy)
        self._tidying.daemon = True
        self._tidying.start()

    def _tidy(self) -> None:
        try:
            with self._telling:
                if self._network is not None:
                    self._reread()
        except (HostError, OSError) as error:
            LOG.warning("%s and hosts.d are not put together: %s", self.files.hosts, error)


def _check_prefixes(network: DhcpNetwork) -> None:
    for subnet in network.of_version(6):
        if subnet.net.prefixlen < 64:
            raise BadSettings(
                f"dnsmasq does not serve {subnet.cidr}: an IPv6 prefix of 64 or more is wanted, "
                "or the driver kea"
            )
