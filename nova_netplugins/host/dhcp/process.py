"""The dnsmasq of one network: finding it, starting, telling, ending it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nova_netplugins.host import namespaces
from nova_netplugins.host.commands import run
from nova_netplugins.host.dhcp.files import NetworkFiles, read
from nova_netplugins.host.errors import HostError, NotFound

PROGRAM = "dnsmasq"
ANSWER_SECONDS = 30.0
ASK_AGAIN_SECONDS = 1.0
STOP_SECONDS = 5.0
# dnsmasq's exit status for trouble with the network, nearly always that (dnsmasq(8), EXIT CODES).
ADDRESS_TAKEN = 2
# version.bind, class CHAOS, type TXT: dnsmasq answers it by itself, with no other server's help.
_QUESTION = b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07version\x04bind\x00\x00\x10\x00\x03"


class Process:
    """``program`` is started with nothing but ``--conf-file``: by that it is known again."""

    def __init__(self, files: NetworkFiles, program: str = PROGRAM) -> None:
        self._files = files
        self._argv = [program, f"--conf-file={files.conf}"]

    def pid(self) -> int | None:
        """The process id, if it runs. What the pid file says is believed only if that process is
        this dnsmasq; if it says nothing of use, all processes are looked at."""
        written = read(self._files.pid).strip()
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

    def start(self, netns: str) -> None:
        """Start it in the namespace. It leaves this process's session, and outlives it. Raises
        HostError with what dnsmasq said."""
        # One that was killed a moment ago may still hold the address.
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if run(self._argv, netns=netns, expected=(0, ADDRESS_TAKEN)).status == 0:
                return
            time.sleep(0.05)
        run(self._argv, netns=netns)

    def reload(self) -> bool:
        """It reads hosts, names and options anew; False if it does not run."""
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
        raise HostError(f"dnsmasq of {self._files.conf} does not end")

    def _is_ours(self, pid: str) -> bool:
        try:
            argv = Path("/proc", pid, "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            return False
        return argv[1:2] == self._argv[1:] and Path(argv[0]).name == Path(self._argv[0]).name

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


def wait_idle(netns: str, address: str) -> bool:
    """Return when dnsmasq, which does one thing at a time, has done all that it knows of now.

    False, at once, if nothing listens there: it does not run, or has DNS turned off. Raises
    HostError after 30 s.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with namespaces.socket_in(netns, family, socket.SOCK_DGRAM) as asking:
        asking.settimeout(ASK_AGAIN_SECONDS)
        try:
            asking.connect((address, 53))
            # It may answer one question before it looks at what else there is, and the second
            # while it looks; the third comes after.
            answered = all(_answers(asking, number) for number in (1, 2, 3))
        except ConnectionRefusedError:
            return False
        except OSError as error:
            raise NotFound(f"dnsmasq at {address} in {netns}: {error.strerror}") from None
    if not answered:
        seconds = f"{ANSWER_SECONDS:g} s"
        raise HostError(f"dnsmasq at {address} in {netns} has not answered for {seconds}")
    return True


def _answers(asking: socket.socket, number: int) -> bool:
    """Whether this question is answered. It is asked again now and then: to one that was killed
    with a question before it, nobody answers that it is not there."""
    header = number.to_bytes(2)
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        asking.send(header + _QUESTION)
        with contextlib.suppress(TimeoutError):
            while asking.recv(512)[:2] != header:
                continue
            return True
    return False
