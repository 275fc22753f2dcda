"""dnsmasq's lease file, and being told of its changes.

The file is watched instead of having dnsmasq run a program for each lease (``dhcp-script``): it
runs that for every lease it has whenever it starts or reads its hosts anew, which with 10,000
leases takes more than a minute of processor time, and what it tells while nobody listens is lost.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nova_netplugins.host.dhcp.model import Lease

LOG = logging.getLogger(__name__)

# dnsmasq writes the file in place: a while after the last write it is whole.
SETTLED_SECONDS = 0.05
_TRIES = 40


def parse(text: str, now: float) -> list[Lease]:
    """The leases of a lease file that have not ended; lines that are none are left out. Those of
    IPv6 have no MAC."""
    leases = []
    v6 = False
    for line in text.splitlines():
        words = line.split()
        # "duid ..." begins the part about IPv6, where an IAID stands in the MAC's place.
        v6 = v6 or words[:1] == ["duid"]
        if len(words) < 4 or not words[0].isdecimal():
            continue
        expires, mac, address, hostname = int(words[0]), words[1], words[2], words[3]
        if expires == 0 or expires > now:
            name = None if hostname == "*" else hostname
            leases.append(Lease("" if v6 else mac, address, name, expires))
    return leases


@dataclass(frozen=True)
class Client6:
    """What DHCPv6 calls a lease by: the client's DUID, the number of its interface, and the DUID
    of the server."""

    duid: str
    iaid: str
    server_duid: str


def read_client(path: Path, address: str) -> Client6 | None:
    """Who has a lease of an IPv6 address; None if nobody has."""
    read_leases(path)
    server = ""
    for line in path.read_text().splitlines() if path.exists() else ():
        words = line.split()
        if words[:1] == ["duid"]:
            server = words[1]
        elif server and len(words) == 5 and words[2] == address:
            return Client6(words[4], words[1].lstrip("T"), server)
    return None


def read_settled(path: Path) -> tuple[int, list[Lease]] | None:
    """When the file was written (nanoseconds) and its leases; None while it is being written."""
    try:
        before = path.stat().st_mtime_ns
        text = path.read_text()
        after = path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0, []
    now = time.time()
    if before != after or now - after / 1e9 < SETTLED_SECONDS:
        return None
    return after, parse(text, now)


def read_leases(path: Path) -> list[Lease]:
    """The leases of a lease file; waits until dnsmasq is not writing it (at most 2 s)."""
    for _ in range(_TRIES):
        settled = read_settled(path)
        if settled is not None:
            return settled[1]
        time.sleep(SETTLED_SECONDS)
    return parse(path.read_text(), time.time())


@dataclass(frozen=True)
class LeaseChange:
    """What happened on a network since the last time; ``first``: ``leased`` is all there is."""

    network_id: str
    leased: Sequence[Lease]
    ended: Sequence[Lease]
    first: bool = False


class LeaseWatcher:
    """Tells of each lease that is given and of each that ends, from a thread of its own.

    It compares states, so that nothing is lost while nobody watched: at first sight of a network
    all of its leases are told. A change that the callback fails on is told again. Renewals are
    not told.
    """

    def __init__(
        self,
        files: Callable[[], Mapping[str, Path]],
        callback: Callable[[LeaseChange], None],
        interval: float = 0.5,
    ) -> None:
        """``files``: the lease files by network id; ``interval`` in seconds."""
        self._files = files
        self._callback = callback
        self._interval = interval
        self._seen: dict[str, tuple[int, dict[tuple[str, str], Lease]]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dhcp-leases", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return when no callback runs any more."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Tell what has changed since the last look."""
        files = self._files()
        for network_id in self._seen.keys() - files.keys():
            del self._seen[network_id]
        for network_id, path in files.items():
            try:
                self._look_at(network_id, path)
            except Exception:
                # Whatever the callback's trouble is, the other networks' leases go on.
                LOG.exception("leases of network %s could not be told; trying again", network_id)

    def _run(self) -> None:
        while not self._stop.wait(self._interval):
            self.look()

    def _look_at(self, network_id: str, path: Path) -> None:
        seen = self._seen.get(network_id)
        if seen is not None and path.exists() and path.stat().st_mtime_ns == seen[0]:
            return
        settled = read_settled(path)
        if settled is None:
            return
        written, leases = settled
        present = _by_holder(leases)
        before = {} if seen is None else seen[1]
        leased = [present[key] for key in present.keys() - before.keys()]
        ended = [before[key] for key in before.keys() - present.keys()]
        if leased or ended or seen is None:
            self._callback(LeaseChange(network_id, leased, ended, first=seen is None))
        self._seen[network_id] = written, present


def _by_holder(leases: Iterable[Lease]) -> dict[tuple[str, str], Lease]:
    return {(lease.address, lease.mac): lease for lease in leases}
