"""Namespaces that play hosts, instances and the internet, and what is seen in them."""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nova_netplugins.host import namespaces
from nova_netplugins.host.driver import LinuxHost

_serial = itertools.count(1)


class Namespaces:
    """Makes namespaces with names of this test run's own, and deletes them all in the end."""

    def __init__(self) -> None:
        self._prefix = f"t{os.getpid()}-{next(_serial)}-"
        self._made: list[str] = []

    def make(self, name: str) -> str:
        netns = self._prefix + name
        namespaces.ensure_netns(netns)
        self._made.append(netns)
        return netns

    def close(self) -> None:
        for netns in self._made:
            namespaces.delete_netns(netns)


def shell(netns: str, command: str) -> str:
    """The output of a command that must succeed."""
    argv = ["ip", "netns", "exec", netns, "sh", "-c", command]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def reaches(netns: str, address: str) -> bool:
    """Whether a ping from the namespace is answered within two tries of a second."""
    argv = ["ip", "netns", "exec", netns, "ping", "-q", "-c1", "-W1", address]
    return any(subprocess.run(argv, capture_output=True).returncode == 0 for _ in range(2))


def is_cut_off(netns: str, address: str) -> bool:
    """Whether a ping from the namespace stays unanswered for a second."""
    argv = ["ip", "netns", "exec", netns, "ping", "-q", "-c1", "-W1", address]
    return subprocess.run(argv, capture_output=True).returncode != 0


@contextmanager
def capturing(netns: str, link: str, expression: str) -> Iterator[Callable[[], str]]:
    """Packets on a link: call what is given for the first line that tcpdump shows of them."""
    argv = [
        "ip",
        "netns",
        "exec",
        netns,
        "timeout",
        "10",
        "tcpdump",
        "-elnni",
        link,
        "-c1",
        expression,
    ]
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as tcpdump:
        assert tcpdump.stdout is not None and tcpdump.stderr is not None
        for line in tcpdump.stderr:
            if line.startswith("listening on"):
                break
        try:
            yield tcpdump.stdout.readline
        finally:
            tcpdump.terminate()


@contextmanager
def pinging(netns: str, address: str) -> Iterator[Callable[[], int]]:
    """Pings go on, fifty a second; call what is given to stop and learn how many were lost."""
    argv = ["ip", "netns", "exec", netns, "ping", "-i", "0.02", address]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as ping:
        assert ping.stdout is not None
        ping.stdout.readline()
        ping.stdout.readline()

        def lost() -> int:
            ping.send_signal(signal.SIGINT)
            output = ping.communicate()[0]
            sent, received = re.findall(r"(\d+) (?:packets transmitted|received)", output)
            # The last one may still be on its way.
            return max(0, int(sent) - int(received) - 1)

        try:
            yield lost
        finally:
            ping.terminate()


def eventually(condition: Callable[[], bool], seconds: float = 5) -> bool:
    """Whether the condition holds at some moment of the next seconds."""
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True


def instance(host: LinuxHost, netns: str, tap: str, cidr: str, gateway: str) -> LinuxHost:
    """An instance with an address, its tap on the host in no bridge yet."""
    host.links.ensure_veth(tap, "eth0", "test", peer_netns=netns)
    inside = host.inside(netns)
    inside.addresses.ensure_address("eth0", cidr)
    inside.routes.ensure_route("0.0.0.0/0", "eth0", gateway)
    return inside
