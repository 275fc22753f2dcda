"""What net-services have in common: for each network a router, a DHCP server and a metadata proxy,
as net-api describes them."""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeGuard

from netkit.errors import NotFound, RemoteError
from nova_netplugins import errors, plugin
from nova_netplugins.ethernet.gateway import Serving
from nova_netplugins.ethernet.metadata import Metadata
from nova_netplugins.ethernet.transit import TransitBook
from nova_netplugins.host.errors import HostError
from nova_netplugins.host.router import Names, Routers, RouterSpec
from nova_netplugins.host.ruleset_host import HostRules

LOG = logging.getLogger(__name__)

TRUSTED_SECONDS = 300.0


class ServedDhcp(Protocol):
    """DHCP for the networks that a host serves, as ``serving`` describes them."""

    def ensure(self, serving: Serving) -> None:
        """Serve exactly the NICs of the network. Raises HostError."""

    def ensure_nic(self, serving: Serving, nic_id: str) -> None:
        """Serve the NIC if ``serving`` has it, else serve it no more. Others stay as they are."""

    def remove(self, network_id: str) -> None: ...

    def close(self) -> None: ...


class RouterService(ABC):
    """``plugin.NetService``. What it sets up works on without this process."""

    def __init__(self, service: str, context: plugin.ServiceContext, dhcp: ServedDhcp) -> None:
        self._context = context
        self._path = f"/hosts/{context.host_name}/networks"
        options = context.conf.gateway
        arps = options.send_arp_for_ha_count if options.send_arp_for_ha else 0
        self._routers = Routers(context.host, _host_rules(options), arps)
        book = Path(context.conf.state_path) / "transit.json"
        self._transits = TransitBook(book, options.transit_range, service)
        self._dhcp = dhcp
        self._metadata = Metadata(context)
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._served: dict[str, Serving] = {}
        self._described: dict[str, float] = {}

    @abstractmethod
    def _wiring(self) -> AbstractContextManager[None]:
        """Held from making a network's segment until its router is attached there, and while
        either is removed."""

    @abstractmethod
    def _prepare(self, serving: Serving) -> RouterSpec | None:
        """Make the network's segment; what its router should be. None: there is nothing to serve
        on it."""

    @abstractmethod
    def _clear(self, network_id: str) -> None:
        """The network's router is gone: nothing stays of its segment that nobody else uses."""

    def ensure(self, network_id: str, nic_id: str | None = None) -> None:
        with self._locks[network_id]:
            known = self._served.get(network_id)
            if known is not None and nic_id is not None:
                serving = self._ask(network_id, nic_id=nic_id)
                if self._is_mine(serving) and self._differs_in_nics_only(serving, known):
                    self._dhcp.ensure_nic(serving, nic_id)
                    return
            serving = self._ask(network_id, unless_state=self._state(network_id))
            if serving is not None and known is not None and "network" not in serving:
                serving = known
            if serving is not None and self._is_free(serving):
                self._context.client.put(self._path, {})
                serving = self._ask(network_id)
            if self._is_mine(serving):
                self._ensure(serving)
            elif network_id in self._transits.networks():
                # Of a change in a network all hosts are told: most have nothing of it.
                self._remove(network_id)

    def remove(self, network_id: str) -> None:
        with self._locks[network_id]:
            self._remove(network_id)

    def check(self) -> Sequence[str]:
        # Looked at before net-api is asked: what is begun meanwhile is not taken for stale.
        here = self._transits.networks()
        wanted = self._context.client.put(self._path, {})["network_ids"]
        self._routers.ensure_host()
        changes = []
        for network_id in here:
            if network_id not in wanted and self._managed(self.remove, network_id):
                changes.append(f"stopped serving network {network_id}")
        for network_id in wanted:
            new = network_id not in self._served
            served = self._managed(self.ensure, network_id) and network_id in self._served
            if served and new:
                changes.append(f"serving network {network_id}")
        return changes

    def close(self) -> None:
        self._dhcp.close()
        self._metadata.close()

    def _managed(self, verb: Callable[[str], None], network_id: str) -> bool:
        """Whether it worked. One network's failure is not the others', whether this host or
        net-api refuses something; that net-api is away is everybody's."""
        try:
            verb(network_id)
        except (HostError, RemoteError) as error:
            LOG.error("network %s is not served as it should be: %s", network_id, error)
            return False
        return True

    def _state(self, network_id: str) -> str | None:
        """What net-api need not describe again. Not for ever: a state is made of times, and may
        miss a change that was committed out of their order.
        """
        known = self._served.get(network_id)
        if known is None or time.monotonic() - self._described[network_id] > TRUSTED_SECONDS:
            return None
        state: str | None = known.get("state")
        return state

    def _ask(self, network_id: str, **query: str | None) -> Serving | None:
        """None: the network is gone."""
        given = {name: value for name, value in query.items() if value is not None}
        try:
            answer = self._context.client.get(f"{self._path}/{network_id}", **given)
        except NotFound as error:
            if error.code != errors.NetworkNotFound.code:
                raise
            return None
        serving: Serving = answer["serving"]
        return serving

    def _is_mine(self, serving: Serving | None) -> TypeGuard[Serving]:
        """Whether there is such a network, and this host is to serve it."""
        return serving is not None and serving["here"]

    def _is_free(self, serving: Serving) -> bool:
        """Whether no host serves the network yet: the first that is prompted takes it."""
        network = serving["network"]
        return network["host"] is None and not network.get("multi_host")

    def _differs_in_nics_only(self, serving: Serving, known: Serving) -> bool:
        """Whether bringing one NIC up to date is enough."""
        return True

    def _ensure(self, serving: Serving) -> None:
        network_id = serving["network"]["id"]
        with self._wiring():
            spec = self._prepare(serving)
            if spec is not None:
                self._routers.ensure(spec)
        if spec is None:
            if network_id in self._transits.networks():
                self._remove(network_id)
            return
        self._dhcp.ensure(serving)
        if spec.metadata:
            self._metadata.ensure(network_id, Names(network_id).netns)
        if self._served.get(network_id) is not serving:
            self._served[network_id] = serving
            self._described[network_id] = time.monotonic()

    def _remove(self, network_id: str) -> None:
        self._served.pop(network_id, None)
        self._described.pop(network_id, None)
        self._dhcp.remove(network_id)
        self._metadata.remove(network_id)
        with self._wiring():
            self._routers.remove(network_id)
            self._clear(network_id)
        self._transits.release(network_id)


def _host_rules(options: Any) -> HostRules:
    return HostRules(
        owner="gateway",
        public_interface=options.public_interface or None,
        transit=options.transit_range,
        routing_source=options.routing_source_ip,
        unchanged=options.dmz_cidr,
    )
