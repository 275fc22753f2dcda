"""IPAM services in a dictionary: an honest one, and some that break their word.

They are what the judge is tried on, and show what an adapter for another service looks like.
"""

from __future__ import annotations

import contextlib
import ipaddress
import random
import threading
import time
from collections.abc import Iterable, Iterator, Sequence

from tools.ipamcheck.adapter import Full, Refused, Unknown
from tools.ipamcheck.history import Pool

DATABASE_SECONDS = 0.0005


class InMemory:
    """Keeps its word. ``rest``: seconds; a released address stays, with the time of its release."""

    def __init__(self, pools: Iterable[Pool]) -> None:
        self.pools = {pool.name: pool for pool in pools}
        self.owners: dict[tuple[str, str], str] = {}
        self.released: dict[tuple[str, str], float] = {}
        self.answers: dict[str, Sequence[str]] = {}
        self._lock = threading.Lock()

    def allocate(
        self, pool: str, owner: str, *, count: int, address: str | None, key: str | None
    ) -> Sequence[str]:
        with self.alone():
            if key is not None and key in self.answers:
                return self.answers[key]
            found = [address] if address else list(self._free(pool))[:count]
            if address and not self._is_free(pool, address):
                raise Refused(f"{address} is taken")
            if len(found) < count:
                raise Full
            self.write(pool, owner, found)
            if key is not None:
                self.answers[key] = found
            return found

    def release(self, pool: str, address: str, owner: str) -> None:
        with self.alone():
            if self.owners.get((pool, address)) == owner:
                del self.owners[pool, address]
                self.released[pool, address] = time.monotonic()

    def owner_of(self, pool: str, address: str) -> str | None:
        return self.owners.get((pool, address))

    def list(self, pool: str) -> Iterable[tuple[str, str | None]]:
        return [(a, owner) for (p, a), owner in self.owners.items() if p == pool]

    def alone(self) -> contextlib.AbstractContextManager[object]:
        return self._lock

    def write(self, pool: str, owner: str, addresses: Sequence[str]) -> None:
        self.owners.update(((pool, address), owner) for address in addresses)

    def _free(self, pool: str) -> Iterator[str]:
        network = ipaddress.ip_network(self.pools[pool].cidr or "")
        return (str(a) for a in network if self._is_free(pool, str(a)))

    def _is_free(self, pool: str, address: str) -> bool:
        rested = self.released.get((pool, address), float("-inf")) + self.pools[pool].rest
        return (pool, address) not in self.owners and rested <= time.monotonic()


class Unlocked(InMemory):
    """Looks what is free and takes it a moment later."""

    def alone(self) -> contextlib.AbstractContextManager[object]:
        return contextlib.nullcontext()

    def write(self, pool: str, owner: str, addresses: Sequence[str]) -> None:
        time.sleep(DATABASE_SECONDS)
        super().write(pool, owner, addresses)


class Forgetful(InMemory):
    """Answers before it is written down, and some is never."""

    def write(self, pool: str, owner: str, addresses: Sequence[str]) -> None:
        if random.random() < 0.98:
            super().write(pool, owner, addresses)


class Restless(InMemory):
    """Gives released addresses away at once."""

    def _is_free(self, pool: str, address: str) -> bool:
        return (pool, address) not in self.owners


class Keyless(InMemory):
    """Knows of no keys: a repetition is a new call."""

    def allocate(
        self, pool: str, owner: str, *, count: int, address: str | None, key: str | None
    ) -> Sequence[str]:
        return super().allocate(pool, owner, count=count, address=address, key=None)


class Halved(InMemory):
    """A refused bulk keeps what it had got."""

    def allocate(
        self, pool: str, owner: str, *, count: int, address: str | None, key: str | None
    ) -> Sequence[str]:
        try:
            return super().allocate(pool, owner, count=count, address=address, key=key)
        except Full:
            with self.alone():
                self.write(pool, owner, list(self._free(pool))[:count])
            raise


class Stingy(InMemory):
    """Is full too early."""

    def _free(self, pool: str) -> Iterator[str]:
        network = ipaddress.ip_network(self.pools[pool].cidr or "")
        most = network.num_addresses // 2
        free = list(super()._free(pool))
        return iter(free[: max(0, len(free) - most)])


class BadLine:
    """The way to a service, on which every tenth call or answer is lost."""

    def __init__(self, ipam: InMemory, seed: int) -> None:
        self._ipam = ipam
        self._rng = random.Random(seed)
        self.owner_of = ipam.owner_of
        self.list = ipam.list

    def allocate(
        self, pool: str, owner: str, *, count: int, address: str | None, key: str | None
    ) -> Sequence[str]:
        with self._lossy():
            return self._ipam.allocate(pool, owner, count=count, address=address, key=key)

    def release(self, pool: str, address: str, owner: str) -> None:
        with self._lossy():
            self._ipam.release(pool, address, owner)

    @contextlib.contextmanager
    def _lossy(self) -> Iterator[None]:
        if self._rng.random() < 0.05:
            raise Unknown("the call is lost")
        yield
        if self._rng.random() < 0.05:
            raise Unknown("the answer is lost")
