"""Clients that allocate, look, and release, and write all of it down."""

from __future__ import annotations

import ipaddress
import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from tools.ipamcheck.adapter import Full, Ipam, NotDone, Refused, Unknown
from tools.ipamcheck.history import FULL, NOT_DONE, Pool, Recorder

T = TypeVar("T")

LARGEST_BULK = 8
MOST_HELD = 12
SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.5
"""Seconds between the repetitions of a call."""


class Client:
    """One client, which is one owner, and does one thing after the other.

    With ``keyed`` it repeats an allocation by its key until it knows what became of it, and now and
    then one of which it knows; without, it goes on and never knows. ``patience``: the seconds after
    which it gives up even so.
    """

    def __init__(
        self,
        name: str,
        ipam: Ipam,
        pools: Sequence[Pool],
        recorder: Recorder,
        rng: random.Random,
        *,
        keyed: bool,
        patience: float,
    ) -> None:
        self.name = name
        self._ipam = ipam
        self._pools = pools
        self._recorder = recorder
        self._rng = rng
        self._keyed = keyed
        self._patience = patience
        self._held: list[tuple[str, str]] = []
        self._given_back: list[tuple[Pool, str]] = []
        self._done: list[tuple[str, dict[str, Any]]] = []
        self._number = 0

    def step(self) -> None:
        """One thing."""
        luck = self._rng.random()
        if self._held and (len(self._held) >= MOST_HELD or luck < 0.35):
            self._release(*self._held.pop(self._rng.randrange(len(self._held))))
        elif self._held and luck < 0.5:
            self._look(*self._rng.choice(self._held))
        elif self._done and luck < 0.55:
            self._allocate(*self._rng.choice(self._done), again=True)
        else:
            self._ask()

    def _ask(self) -> None:
        pool = self._rng.choice(self._pools)
        count, address, luck = 1, None, self._rng.random()
        if luck < 0.2:
            count = self._rng.randint(2, LARGEST_BULK)
        elif luck < 0.3 and self._given_back:
            pool, address = self._rng.choice(self._given_back)
        elif luck < 0.4 and pool.cidr:
            network = ipaddress.ip_network(pool.cidr)
            address = str(network[self._rng.randrange(min(network.num_addresses, 1024))])
        self._number += 1
        key = f"{self.name}-{self._number}" if self._keyed else None
        self._allocate(pool.name, {"count": count, "address": address, "key": key})

    def _allocate(self, pool: str, asked: dict[str, Any], *, again: bool = False) -> None:
        def call() -> dict[str, Any]:
            return {"addresses": list(self._ipam.allocate(pool, self.name, **asked))}

        told = self._until_known("allocate", pool, call, self._keyed, **asked)
        if told is not None and not again:
            self._held += [(pool, address) for address in told["addresses"]]
            if self._keyed:
                self._done = [*self._done[-20:], (pool, asked)]

    def _look(self, pool: str, address: str) -> None:
        def call() -> dict[str, Any]:
            return {"owner": self._ipam.owner_of(pool, address)}

        self._until_known("get", pool, call, True, address=address)

    def _release(self, pool: str, address: str) -> None:
        def call() -> dict[str, Any]:
            self._ipam.release(pool, address, self.name)
            return {}

        if self._until_known("release", pool, call, True, address=address) is not None:
            known = {p.name: p for p in self._pools}
            self._given_back = [*self._given_back[-20:], (known[pool], address)]

    def _until_known(
        self,
        op: str,
        pool: str,
        call: Callable[[], dict[str, Any]],
        repeatable: bool,
        **asked: Any,
    ) -> dict[str, Any] | None:
        """What the service has told; None: it has refused, or it is not known."""
        deadline = time.monotonic() + self._patience
        while True:
            number = self._recorder.invoke(self.name, op, pool, self.name, **asked)
            try:
                told = call()
            except Refused as refused:
                reason = FULL if isinstance(refused, Full) else f"refused: {refused}"
                self._recorder.complete(number, "fail", error=reason)
                return None
            except NotDone:
                self._recorder.complete(number, "fail", error=NOT_DONE)
            except Unknown as unknown:
                self._recorder.complete(number, "info", error=str(unknown))
                if not repeatable:
                    return None
            else:
                self._recorder.complete(number, "ok", **told)
                return told
            if time.monotonic() > deadline:
                return None
            time.sleep(self._rng.uniform(SHORTEST_PAUSE, LONGEST_PAUSE))


def storm(
    ipam: Ipam,
    pools: Sequence[Pool],
    recorder: Recorder,
    *,
    seed: int,
    clients: int,
    stop: threading.Event,
    patience: float = 60.0,
) -> None:
    """Returns when all clients have ended what they were doing when ``stop`` was set.

    One client in four has no keys.
    """
    for pool in pools:
        recorder.pool(pool)

    def run(number: int) -> None:
        rng = random.Random(f"{seed} {number}")
        client = Client(
            f"c{number}-{seed}",
            ipam,
            pools,
            recorder,
            rng,
            keyed=number % 4 != 0,
            patience=patience,
        )
        try:
            while not stop.is_set():
                client.step()
        except BaseException:
            stop.set()
            raise

    with ThreadPoolExecutor(clients, "client") as threads:
        for _ in threads.map(run, range(clients)):
            pass


def read_end(ipam: Ipam, pools: Iterable[Pool], recorder: Recorder) -> None:
    """Writes down what the service holds. Nothing may be under way any more."""
    for pool in pools:
        for address, owner in ipam.list(pool.name):
            recorder.final(pool.name, address, owner)
    recorder.end()
