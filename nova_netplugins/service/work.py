"""Work on networks: one run at a time for each network, different networks side by side.

What is asked while a network is worked on waits for the next run, in which equal requests are one
and many become a full run: a thousand instances that boot at once do not mean a thousand runs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

Network = tuple[str, str]
"""A service's name and the id of one of its networks."""

# From this many NICs of one network on, bringing up to date the whole network is cheaper.
MANY_NICS = 16

Pending = dict[str | None, "Future[None]"]


class Work:
    """``run(network, nic_id)`` is called in ``workers`` threads; ``nic_id`` None: all of it."""

    def __init__(self, run: Callable[[Network, str | None], None], workers: int) -> None:
        self._run = run
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="network")
        self._lock = threading.Lock()
        self._pending: dict[Network, Pending] = {}
        self._active: set[Network] = set()
        self._closed = False

    def submit(self, network: Network, nic_id: str | None) -> Future[None]:
        """Done when a run that began after this call has covered it; holds what that run raised."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the service is stopping")
            waiting = self._pending.setdefault(network, {})
            future = waiting.setdefault(nic_id, Future())
            if network not in self._active:
                self._active.add(network)
                self._pool.submit(self._drain, network)
            return future

    def close(self) -> None:
        """Finish the runs that have begun and drop the rest."""
        with self._lock:
            self._closed = True
            dropped = [future for waiting in self._pending.values() for future in waiting.values()]
            self._pending.clear()
        for future in dropped:
            future.cancel()
        self._pool.shutdown(wait=True)

    def _drain(self, network: Network) -> None:
        while True:
            with self._lock:
                waiting = self._pending.pop(network, None)
                if waiting is None:
                    self._active.discard(network)
                    return
            if None in waiting or len(waiting) >= MANY_NICS:
                self._do(network, None, list(waiting.values()))
            else:
                for nic_id, future in waiting.items():
                    self._do(network, nic_id, [future])

    def _do(self, network: Network, nic_id: str | None, waiting: list[Future[None]]) -> None:
        try:
            self._run(network, nic_id)
        except Exception as error:
            for future in waiting:
                future.set_exception(error)
        else:
            for future in waiting:
                future.set_result(None)
