"""The net-service of flat_dhcp and vlan: a router, a DHCP server and a metadata proxy for each
network."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeGuard

from netkit.errors import NotFound, RemoteError
from nova_netplugins import plugin
from nova_netplugins.ethernet import gateway
from nova_netplugins.ethernet.dhcp import Dhcp
from nova_netplugins.ethernet.gateway import Serving
from nova_netplugins.ethernet.metadata import Metadata
from nova_netplugins.ethernet.segment_wiring import SegmentWiring
from nova_netplugins.ethernet.traits import Traits
from nova_netplugins.ethernet.transit import TransitBook
from nova_netplugins.host.errors import HostError
from nova_netplugins.host.router import Names, Routers, RouterSpec
from nova_netplugins.host.ruleset_host import HostRules

LOG = logging.getLogger(__name__)

TRUSTED_SECONDS = 300.0


class EthernetService:
    """``plugin.NetService``. What it sets up works on without this process."""

    def __init__(self, traits: Traits, context: plugin.ServiceContext) -> None:
        self._context = context
        self._path = f"/hosts/{context.host_name}/networks"
        self._segments = SegmentWiring(traits, context.conf, context.host)
        options = context.conf.gateway
        arps = options.send_arp_for_ha_count if options.send_arp_for_ha else 0
        self._routers = Routers(context.host, _host_rules(options), arps)
        book = Path(context.conf.state_path) / "transit.json"
        self._transits = TransitBook(book, options.transit_range, traits.name)
        self._dhcp = Dhcp(context, traits.name)
        self._metadata = Metadata(context)
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._served: dict[str, Serving] = {}
        self._described: dict[str, float] = {}

    def ensure(self, network_id: str, nic_id: str | None = None) -> None:
        with self._locks[network_id]:
            known = self._served.get(network_id)
            if known is not None and nic_id is not None:
                serving = self._ask(network_id, nic_id=nic_id)
                if self._is_mine(serving):
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
            if self._managed(self.ensure, network_id) and new:
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
        return str(known["state"])

    def _ask(self, network_id: str, **query: str | None) -> Serving | None:
        """None: the network is gone."""
        given = {name: value for name, value in query.items() if value is not None}
        try:
            answer = self._context.client.get(f"{self._path}/{network_id}", **given)
        except NotFound:
            return None
        serving: Serving = answer["serving"]
        return serving

    def _is_mine(self, serving: Serving | None) -> TypeGuard[Serving]:
        """Whether there is such a network, and this host is to serve it."""
        return serving is not None and serving["here"]

    def _is_free(self, serving: Serving) -> bool:
        """Whether no host serves the network yet: the first that is prompted takes it."""
        return serving["network"]["host"] is None and not serving["network"]["multi_host"]

    def _ensure(self, serving: Serving) -> None:
        network = serving["network"]
        gateways = gateway.addresses(serving, self._context.host_name)
        if not gateways:
            return
        transit = self._transits.assign(network["id"])
        mac = gateway.mac(serving, self._context.host_name)
        with self._segments.lock():
            attachment = self._segments.ensure(network, network["mtu"])
            if network["multi_host"] and network["share_address"]:
                self._segments.keep_gateway_apart(network, mac, serving["address"])
            self._routers.ensure(
                RouterSpec(
                    network_id=network["id"],
                    attachment=attachment,
                    gateways=gateways,
                    transit=transit if network["cidr"] is not None else None,
                    metadata=network["cidr"] is not None,
                    mtu=network["mtu"],
                    mac=mac,
                    floating={
                        floating["address"]: floating["fixed_address"]
                        for floating in serving["floating_ips"]
                    },
                    interfaces={
                        floating["address"]: floating["interface"]
                        for floating in serving["floating_ips"]
                        if floating["interface"]
                    },
                )
            )
        self._dhcp.ensure(serving)
        if network["cidr"] is not None:
            self._metadata.ensure(network["id"], Names(network["id"]).netns)
        if self._served.get(network["id"]) is not serving:
            self._served[network["id"]] = serving
            self._described[network["id"]] = time.monotonic()

    def _remove(self, network_id: str) -> None:
        self._served.pop(network_id, None)
        self._described.pop(network_id, None)
        self._dhcp.remove(network_id)
        self._metadata.remove(network_id)
        with self._segments.lock():
            self._routers.remove(network_id)
            self._segments.forget_gateway(network_id)
            self._segments.remove_unused(())
        self._transits.release(network_id)


def _host_rules(options: Any) -> HostRules:
    return HostRules(
        owner="gateway",
        public_interface=options.public_interface or None,
        transit=options.transit_range,
        routing_source=options.routing_source_ip,
        unchanged=options.dmz_cidr,
    )
