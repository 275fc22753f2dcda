"""How a net-agent has a network served, on whatever host its net-service is."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future
from typing import Protocol

from netkit.messaging import messaging
from nova_netplugins.plugin import Network

LOG = logging.getLogger(__name__)

# How long a net-service that did not answer is left alone. Without this, a hundred instances that
# boot while it is away would each wait for the time-out, one after the other.
REST_SECONDS = 30.0


class Call(Protocol):
    """Call a method of the net-service on a host and wait. Raises whatever went wrong."""

    def __call__(
        self, host: str, timeout: float, *, service: str, network_id: str, nic_id: str | None
    ) -> None: ...


class RemoteServed:
    """``ServedNetworks`` over the bus. What fails is logged: net-service converges on its own."""

    def __init__(self, call: Call, service: str, host: str, timeout: float) -> None:
        self._call = call
        self._service = service
        self._host = host
        self._timeout = timeout
        self._resting: dict[str, float] = {}
        self._caller: threading.Thread | None = None

    def ensure(self, network: Network, nic_id: str | None = None) -> None:
        server = self._host if network.multi_host else network.host
        if server is None or time.monotonic() < self._resting.get(server, 0.0):
            return
        try:
            self._call_bounded(server, network.id, nic_id)
        except (TimeoutError, messaging.MessagingTimeout, messaging.MessageDeliveryFailure):
            self._resting[server] = time.monotonic() + REST_SECONDS
            LOG.warning(
                "net-service on %s does not answer and is not asked again for %d s; it will find "
                "out about network %s of %s at its next sync",
                server,
                REST_SECONDS,
                network.id,
                self._service,
            )
        except Exception as error:
            LOG.warning(
                "net-service on %s could not serve network %s of %s: %s: %s",
                server,
                network.id,
                self._service,
                type(error).__name__,
                error,
            )

    def _call_bounded(self, server: str, network_id: str, nic_id: str | None) -> None:
        """In a thread: while the broker is away, oslo.messaging waits for it whatever the time-out.

        One such thread at most is left behind.
        """
        if self._caller is not None and self._caller.is_alive():
            raise TimeoutError
        done: Future[None] = Future()

        def call() -> None:
            try:
                self._call(
                    server,
                    self._timeout,
                    service=self._service,
                    network_id=network_id,
                    nic_id=nic_id,
                )
                done.set_result(None)
            except Exception as error:
                done.set_exception(error)

        self._caller = threading.Thread(target=call, name="served-call", daemon=True)
        self._caller.start()
        done.result(self._timeout + 1.0)
