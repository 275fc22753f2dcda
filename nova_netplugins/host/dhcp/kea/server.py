"""One kea-dhcp4 or kea-dhcp6: started, told what to serve, asked what it serves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nova_netplugins.host.commands import run, start_server
from nova_netplugins.host.dhcp.daemon import Daemon
from nova_netplugins.host.dhcp.files import read, write
from nova_netplugins.host.dhcp.kea.config import Settings, digest_of, reserved
from nova_netplugins.host.dhcp.kea.control import Control
from nova_netplugins.host.dhcp.kea.files import KeaFiles
from nova_netplugins.host.dhcp.kea.relay import PORT
from nova_netplugins.host.dhcp.model import Lease
from nova_netplugins.host.errors import BadSettings, HostError, NotFound, NotSupported

START_SECONDS = 30.0
LISTEN_SECONDS = 5.0
# Long enough for the program to be what runs, after the one that starts it has ended.
_EXEC_SECONDS = 1.0
_HOOK = "libdhcp_lease_cmds.so"
_HOOK_PLACES = ("/usr/lib/*/kea/hooks", "/usr/lib*/kea/hooks", "/usr/local/lib/kea/hooks")
_CURRENT = 0


def lease_commands() -> str:
    """The library with Kea's commands about leases. Raises NotSupported."""
    for place in _HOOK_PLACES:
        found = sorted(Path("/").glob(f"{place[1:]}/{_HOOK}"))
        if found:
            return str(found[0])
    raise NotSupported(f"{_HOOK} of Kea is not installed on this host: kea-common has it")


class KeaServer:
    """Not safe for threads: its owner has a lock."""

    def __init__(self, directory: Path, version: int) -> None:
        self.files = KeaFiles(directory, version)
        argv = [self.files.program, "-c", str(self.files.conf)]
        # What asks kea-dhcp6 listens on the port that clients ask.
        argv += ["-p", str(PORT)] if version == 6 else []
        self.daemon = Daemon(argv, self.files.pid)
        self._version = version
        self._control = Control(self.files.socket)
        # The process, and the digest of the settings that it was seen to have.
        self._told: tuple[int, str] | None = None
        self._checked = ""
        self._doubted = False

    @property
    def is_wanted(self) -> bool:
        """Whether there are settings for it, by whoever wrote them."""
        return self.files.conf.exists()

    def check(self, settings: Settings, netns: str) -> None:
        """Raises BadSettings with Kea's words if it would not take these. They may do without the
        hosts: what is told of those is always right."""
        if settings.digest == self._checked:
            return
        tried = self.files.conf.with_suffix(".tried")
        write(tried, settings.text)
        try:
            run([self.files.program, "-t", str(tried)], netns, environment=self._environment)
        except NotSupported:
            raise
        except HostError as error:
            raise BadSettings(f"Kea does not accept the settings: {error}") from None
        finally:
            tried.unlink()
        self._checked = settings.digest

    def converge(self, settings: Settings, netns: str) -> None:
        """It runs in the namespace, with these settings and no others. Raises HostError with its
        words if it does not take them."""
        pid = self.daemon.pid()
        if pid is not None and not self.daemon.is_in(pid, netns):
            self.daemon.stop()
            pid = None
        if pid is not None and not self._doubted and self._has(pid, settings):
            return
        write(self.files.conf, settings.text)
        self._told = None
        if pid is not None:
            try:
                self._control.ask("config-reload")
            except NotFound:
                # It ends, or has lost its socket.
                self.daemon.stop()
                pid = None
        if pid is None:
            pid = self._start(netns)
        self._await_listening()
        self._told = pid, settings.digest
        self._doubted = False

    def distrust(self) -> None:
        """What it says of its settings may not be true."""
        self._doubted = True

    def stop(self) -> None:
        """It does not run, and has no settings."""
        self.daemon.stop()
        self.files.conf.unlink(missing_ok=True)
        self._told = None

    def served(self) -> dict[str, tuple[str, ...]]:
        """Addresses by MAC, as it says; none if it does not run. Raises HostError."""
        if self.daemon.pid() is None:
            return {}
        return reserved(self._control.ask("config-get"))

    def leases(self) -> list[Lease]:
        """Those that have not ended; if it does not run, none can be told. Raises HostError."""
        if self.daemon.pid() is None:
            return []
        answer = self._control.ask(f"lease{self._version}-get-all")
        now = time.time()
        return [
            Lease(one.get("hw-address", ""), one["ip-address"], one["hostname"] or None, expires)
            for one in (answer or {}).get("leases", [])
            if one["state"] == _CURRENT and (expires := one["cltt"] + one["valid-lft"]) > now
        ]

    def end_lease(self, address: str, mac: str) -> None:
        """The client with this MAC has no lease of the address. Raises HostError."""
        family = f"lease{self._version}"
        arguments: Mapping[str, Any] = {"ip-address": address}
        lease = self._control.ask(f"{family}-get", **arguments)
        # DHCPv6 may have told no MAC: nobody else is given that address.
        if lease is not None and lease.get("hw-address", mac) == mac:
            self._control.ask(f"{family}-del", **arguments)

    def _has(self, pid: int, settings: Settings) -> bool:
        if self._told is None or self._told[0] != pid:
            try:
                digest = digest_of(self._control.ask("config-get"))
            except HostError:
                return False
            if digest is None:
                return False
            self._told = pid, digest
        return self._told[1] == settings.digest

    @property
    def _environment(self) -> dict[str, str]:
        places = ("PIDFILE_DIR", "LOCKFILE_DIR", "DHCP_DATA_DIR", "LOG_FILE_DIR")
        names = (f"KEA_{place}" for place in (*places, "CONTROL_SOCKET_DIR"))
        return dict.fromkeys(names, str(self.files.directory))

    def _start(self, netns: str) -> int:
        files = self.files
        # None of them is of one that runs; Kea would not start beside them.
        lock = files.socket.with_name(f"{files.socket.name}.lock")
        for left in (files.pid, files.socket, lock, files.log):
            left.unlink(missing_ok=True)
        start_server(self.daemon.argv, netns, files.directory, self._environment, files.said)
        begin = time.monotonic()
        while (passed := time.monotonic() - begin) < START_SECONDS:
            try:
                return int(self._control.ask("status-get")["pid"])
            except NotFound:
                if passed > _EXEC_SECONDS and self.daemon.pid() is None:
                    break
            time.sleep(0.02)
        self.daemon.stop()
        raise HostError(f"{files.program} of {files.conf} does not start: {self._last_words()}")

    def _await_listening(self) -> None:
        deadline = time.monotonic() + LISTEN_SECONDS
        while True:
            sockets = self._control.ask("status-get")["sockets"]
            if sockets["status"] == "ready":
                return
            if time.monotonic() > deadline:
                why = ", ".join(sockets.get("errors", [])) or sockets["status"]
                raise HostError(f"{self.files.program} of {self.files.conf} hears nothing: {why}")
            time.sleep(0.02)

    def _last_words(self) -> str:
        """Why it has ended: of what it writes then, most is not about that."""
        lines = [*read(self.files.log).splitlines(), *read(self.files.said).splitlines()]
        errors = [line for line in lines if " ERROR " in line or " FATAL " in line]
        return (
            " ".join((errors or lines)[-2:])
            or "it said nothing: AppArmor may keep it from its files"
        )
