"""Who kills, at random moments, what there is to kill; and starts again what does not by itself."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from tests.chaos.victims import Postgresql, Server
from tools.ipamcheck.history import Recorder

WORK = (50, 250)
"""The fewest and the most good answers between two deeds."""
LONGEST_PEACE = 8.0


class Nemesis:
    """Every kind of deed is done once, in a random order, before any is done again."""

    def __init__(
        self, server: Server, postgresql: Postgresql, recorder: Recorder, rng: random.Random
    ) -> None:
        self._server = server
        self._postgresql = postgresql
        self._recorder = recorder
        self._rng = rng
        self._deeds = [self._workers, self._api, self._backend, self._database, self._both]

    def rage(self, seconds: float) -> None:
        """At least one deed of each kind."""
        deadline = time.monotonic() + seconds
        done, coming = 0, list[Callable[[], None]]()
        while time.monotonic() < deadline or done < len(self._deeds):
            self._let_them_work()
            if not coming:
                coming = self._rng.sample(self._deeds, len(self._deeds))
            coming.pop()()
            done += 1
        self._let_them_work()

    def _let_them_work(self) -> None:
        """Until there is something to break again, on a slow machine as on a fast one."""
        enough = self._recorder.good + self._rng.randint(*WORK)
        deadline = time.monotonic() + LONGEST_PEACE
        while self._recorder.good < enough:
            if time.monotonic() > deadline:
                self._tell(f"less than {WORK[1]} good answers in {LONGEST_PEACE} s")
                return
            time.sleep(0.01)

    def _workers(self) -> None:
        """One, or several faster than they come back."""
        for _ in range(self._rng.randint(1, 3)):
            self._tell("kill -9 of a worker of melange-api")
            self._server.kill_worker(self._rng)
            time.sleep(self._rng.uniform(0, 0.2))

    def _api(self) -> None:
        whole = self._whole()
        self._tell(f"kill -9 of melange-api, {'whole' if whole else 'but not of its workers'}")
        self._server.kill(whole=whole)
        self._server.start()
        self._tell("melange-api is back")

    def _backend(self) -> None:
        self._tell("kill -9 of a backend of PostgreSQL")
        self._postgresql.kill_backend(self._rng)

    def _database(self) -> None:
        whole = self._whole()
        self._tell(f"kill -9 of PostgreSQL, {'whole' if whole else 'but not of its backends'}")
        self._postgresql.kill(whole=whole)
        self._postgresql.start()
        self._tell("PostgreSQL is back")

    def _both(self) -> None:
        self._tell("kill -9 of PostgreSQL and melange-api, whole")
        self._postgresql.kill(whole=True)
        self._server.kill(whole=True)
        self._postgresql.start()
        self._server.start()
        self._tell("PostgreSQL and melange-api are back")

    def _whole(self) -> bool:
        return self._rng.random() < 0.5

    def _tell(self, what: str) -> None:
        self._recorder.note(what)
