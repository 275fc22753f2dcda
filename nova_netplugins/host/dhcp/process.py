"""The dnsmasq of one network: starting it, and knowing when it is idle."""

from __future__ import annotations

import contextlib
import socket
import time
from pathlib import Path

from nova_netplugins.host import namespaces
from nova_netplugins.host.commands import run
from nova_netplugins.host.dhcp.daemon import STOP_SECONDS, Daemon
from nova_netplugins.host.errors import HostError, NotFound

PROGRAM = "dnsmasq"
ANSWER_SECONDS = 30.0
ASK_AGAIN_SECONDS = 1.0
# dnsmasq's exit status for trouble with the network, nearly always that (dnsmasq(8), EXIT CODES).
ADDRESS_TAKEN = 2
# version.bind, class CHAOS, type TXT: dnsmasq answers it by itself, with no other server's help.
_QUESTION = b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07version\x04bind\x00\x00\x10\x00\x03"


class Process(Daemon):
    """``program`` is started with nothing but ``--conf-file``."""

    def __init__(self, conf: Path, written: Path, program: str = PROGRAM) -> None:
        super().__init__([program, f"--conf-file={conf}"], written)

    def start(self, netns: str) -> None:
        """Start it in the namespace. It leaves this process's session, and outlives it. Raises
        HostError with what dnsmasq said."""
        # One that was killed a moment ago may still hold the address.
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if run(self.argv, netns=netns, expected=(0, ADDRESS_TAKEN)).status == 0:
                return
            time.sleep(0.05)
        run(self.argv, netns=netns)


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
