"""A server of one network that belongs to no process of ours: finding, telling and ending it."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nova_netplugins.host import namespaces
from nova_netplugins.host.dhcp.files import read
from nova_netplugins.host.errors import HostError

STOP_SECONDS = 5.0


class Daemon:
    """``argv`` names a file of the network's own: by that it is known again. ``written`` is the
    file that it writes its process id to."""

    def __init__(self, argv: Sequence[str], written: Path) -> None:
        self.argv = list(argv)
        self._written = written

    def pid(self) -> int | None:
        """The process id, if it runs. What the pid file says is believed only if that process is
        this server; if it says nothing of use, all processes are looked at."""
        written = read(self._written).strip()
        if written.isdecimal() and self._is_ours(written):
            return int(written)
        every = (entry for entry in os.listdir("/proc") if entry.isdecimal())
        return next((int(entry) for entry in every if self._is_ours(entry)), None)

    def is_in(self, pid: int, netns: str) -> bool:
        """Whether it serves the namespace that has this name now."""
        with namespaces.opened(netns) as descriptor:
            there = os.fstat(descriptor)
        try:
            here = os.stat(f"/proc/{pid}/ns/net")
        except FileNotFoundError:
            return False
        return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)

    def reload(self) -> bool:
        """It reads its files anew; False if it does not run."""
        with self._handle() as handle:
            if handle is not None:
                signal.pidfd_send_signal(handle, signal.SIGHUP)
            return handle is not None

    def stop(self) -> None:
        """It does not run."""
        with self._handle() as handle:
            if handle is None:
                return
            for number in (signal.SIGTERM, signal.SIGKILL):
                try:
                    signal.pidfd_send_signal(handle, number)
                except ProcessLookupError:
                    return
                if select.select([handle], [], [], STOP_SECONDS)[0]:
                    return
        raise HostError(f"'{' '.join(self.argv)}' does not end")

    def _is_ours(self, pid: str) -> bool:
        try:
            argv = Path("/proc", pid, "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            return False
        ours = len(self.argv)
        return argv[1:ours] == self.argv[1:] and Path(argv[0]).name == Path(self.argv[0]).name

    @contextmanager
    def _handle(self) -> Iterator[int | None]:
        """A descriptor of the process, which stays its own even if its id is given to another."""
        pid = self.pid()
        try:
            handle = None if pid is None else os.pidfd_open(pid)
        except ProcessLookupError:
            handle = None
        try:
            # Looked at again: between the first look and the descriptor it may have been another.
            yield handle if handle is not None and self._is_ours(str(pid)) else None
        finally:
            if handle is not None:
                os.close(handle)
