"""The net-service daemon: it knows the contract, and of network services only that they follow it.

Prompts and RPC calls bring single networks up to date; at intervals everything is compared, so what
it was not told, it finds out. Ending it stops nothing that serves.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future

from netkit.errors import NotFound, ServiceError
from nova_netplugins.backoff import Schedule
from nova_netplugins.plugin import NetService
from nova_netplugins.service.work import Network, Work

LOG = logging.getLogger(__name__)


class Service:
    """Runs the net-services of one host; a ``ServiceEndpoint`` of the bus.

    ``ensure`` of different networks may run side by side, for one network never; a check may run
    beside them, so that a new NIC does not wait for it. A failure in one network or service leaves
    the others alone and is tried again soon.
    """

    def __init__(self, services: Mapping[str, NetService], interval: float, workers: int) -> None:
        self._services = services
        self._work = Work(self._ensure, workers)
        self._schedule = Schedule(interval)
        self._woken = threading.Event()
        self._stopping = False

    # -- Told from other threads -------------------------------------------------------------------

    def nic_changed(
        self, service: str, nic_id: str, network_id: str | None, host: str | None
    ) -> None:
        if network_id is not None:
            self._prompt(service, network_id, nic_id)

    def network_changed(self, service: str, network_id: str) -> None:
        self._prompt(service, network_id, None)

    def ensure(self, service: str, network_id: str, nic_id: str | None) -> None:
        """Return once the NIC (None: the network) is served here. Raises what the service did."""
        if service not in self._services:
            raise NotFound(f"this host has no net-service of {service!r}", value=service)
        self._work.submit((service, network_id), nic_id).result()

    def stop(self) -> None:
        """``run`` returns when what is being done is done. What serves keeps serving."""
        self._stopping = True
        self._woken.set()

    def _prompt(self, service: str, network_id: str, nic_id: str | None) -> None:
        if service in self._services and not self._stopping:
            done = self._work.submit((service, network_id), nic_id)
            done.add_done_callback(self._retry_if_failed)

    def _retry_if_failed(self, done: Future[None]) -> None:
        if not done.cancelled() and done.exception() is not None:
            self._schedule.hurry()
            self._woken.set()

    # -- The daemon's own thread -------------------------------------------------------------------

    def run(self) -> None:
        """Work until ``stop``."""
        while not self._stopping:
            if self._schedule.remaining() == 0:
                if self.sync():
                    self._schedule.succeeded()
                else:
                    self._schedule.failed()
            self._woken.wait(self._schedule.remaining())
            self._woken.clear()
        self._work.close()
        for name, service in self._services.items():
            self._attempt(f"ending {name}", service.close)

    def sync(self) -> bool:
        """Compare everything with net-api and repair. Returns whether all of it worked."""
        return all([self._check(name, service) for name, service in self._services.items()])

    def _check(self, name: str, service: NetService) -> bool:
        def check() -> None:
            for change in service.check():
                LOG.info("%s: %s", name, change)

        return self._attempt(f"checking {name}", check)

    def _ensure(self, network: Network, nic_id: str | None) -> None:
        """A worker's run. Raises what the service did, after logging it."""
        name, network_id = network
        service = self._services[name]
        try:
            service.ensure(network_id, nic_id)
        except ServiceError as error:
            # A network that is gone among them: the next check stops serving it.
            LOG.warning("serving network %s of %s failed: %s", network_id, name, error)
            raise
        except Exception:
            LOG.exception("serving network %s of %s failed", network_id, name)
            raise

    def _attempt(self, what: str, work: Callable[[], None]) -> bool:
        try:
            work()
        except ServiceError as error:
            LOG.warning("%s failed, everything stays as it is: %s", what, error)
            return False
        except Exception:
            LOG.exception("%s failed", what)
            return False
        return True
