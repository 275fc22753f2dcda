"""A machine of a test's own: a network, processes and names of namespaces that nobody else sees.

Names of network namespaces are the whole machine's. With a ``/run/netns`` of its own several such
machines can have the same router, and tests that run at once do not meet.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from nova_netplugins.host.driver import LinuxHost
from nova_netplugins.host.namespaces import RUN_DIR
from tests.eventually import eventually

# Its first process ends with its standard input, so with the test, whatever becomes of that; and
# with it end all the others. As SIGCHLD is ignored, the kernel buries what daemons leave.
_INIT = f"mount -t tmpfs tmpfs {RUN_DIR} && echo up && exec env --ignore-signal=CHLD cat >/dev/null"


class CommandFailed(Exception):
    """A program on a machine did not succeed."""


class Daemon:
    """A process on a machine."""

    def __init__(self, argv: Sequence[str], log: Path) -> None:
        with log.open("a") as file:
            self._begin = file.tell()
            self._process = subprocess.Popen(argv, stdout=file, stderr=file)
        self._log = log
        self._pid = _child_of(self._process)

    def has_said(self, text: str) -> bool:
        """Whether it wrote this to its log."""
        with self._log.open() as file:
            file.seek(self._begin)
            return text in file.read()

    def kill(self) -> None:
        """As kill -9 does."""
        self._end(signal.SIGKILL)

    def terminate(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, number)
        self._process.wait(20)


class Machine:
    """``netns``: its network, as all may see it. Starts off; see ``power_on``."""

    def __init__(self, netns: str) -> None:
        self.netns = netns
        self.host = LinuxHost(netns)
        self._init: subprocess.Popen[str] | None = None
        self._prefix: list[str] = []

    def power_on(self) -> None:
        self.host.ensure_netns(self.netns)
        argv = ["nsenter", f"--net={RUN_DIR / self.netns}", "unshare", "--mount", "--pid", "--fork"]
        self._init = subprocess.Popen(
            [*argv, "--mount-proc", "sh", "-c", _INIT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._init.stdout is not None and self._init.stdout.readline() == "up\n"
        enter = ["--mount", "--pid", "--net"]
        self._prefix = ["nsenter", f"--target={_child_of(self._init)}", *enter, "--"]

    def power_off(self) -> None:
        """All its processes, links, rules and namespaces are gone, as when the plug is pulled."""
        if self._init is not None:
            self._init.communicate()
            self._init = None
        for link in self.host.links.links():
            # With the namespace they would go too, but a moment later, with their other ends. Those
            # of routers are going already.
            if link.kind == "veth":
                argv = ["ip", "-n", self.netns, "link", "delete", link.name]
                subprocess.run(argv, capture_output=True)
        self.host.delete_netns(self.netns)

    def run(self, *argv: str, codes: Sequence[int] = (0,)) -> str:
        """The output of a program that must succeed, or end with one of ``codes``."""
        done = subprocess.run([*self._prefix, *argv], capture_output=True, text=True)
        if done.returncode not in codes:
            raise CommandFailed(f"{' '.join(argv)}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self, log: Path, *argv: str) -> Daemon:
        return Daemon([*self._prefix, *argv], log)

    def processes(self) -> dict[int, str]:
        """Command lines of what runs there of its own, nobody's child, by process id."""
        listed = self.run("ps", "-ww", "-e", "-o", "pid=,ppid=,args=")
        rows = [line.split(None, 2) for line in listed.splitlines()]
        return {int(pid): args for pid, parent, args in rows if parent == "1"}


@contextlib.contextmanager
def powered(netns: str) -> Iterator[Machine]:
    machine = Machine(netns)
    machine.power_on()
    try:
        yield machine
    finally:
        machine.power_off()


def _child_of(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> int:
    """nsenter and unshare stay, and have the program as their child."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    eventually(lambda: children.read_text().split(), "a program on the machine starts")
    return int(children.read_text().split()[0])
