"""The router of each network on a network host: gateway, source NAT, floating IPs.

A router is a network namespace, because two projects may use the same CIDR::

    instances --- bridge --- gx | gw   router   up | ux --- root --- public interface
                                 10.0.0.1    100.64.0.1   100.64.0.0

``gw`` has the gateway address (dnsmasq listens there), ``up`` one end of a transit pair. In the
root namespace each floating IP is a route to its router and an address for which the host answers
ARP on the interface of its range.
Every verb may be repeated after a crash at any line; what is as it should be is not touched.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Sequence
from dataclasses import replace

from nova_netplugins.host.driver import Host
from nova_netplugins.host.errors import HostError, NotFound
from nova_netplugins.host.router_spec import NETNS_PREFIX, Names, RouterSpec, Transit
from nova_netplugins.host.ruleset_host import HostRules, host_table
from nova_netplugins.host.ruleset_router import (
    FLOATING,
    METADATA_ADDRESS,
    RouterRules,
    router_table,
)

__all__ = ["Names", "RouterSpec", "Routers", "Transit"]

LOG = logging.getLogger(__name__)

OWNER_PREFIX = "router "


class Routers:
    """All routers of one network host."""

    def __init__(self, host: Host, rules: HostRules, arp_count: int = 3) -> None:
        """``rules`` say how the host meets the world; ``arp_count`` is how often it announces."""
        self._host = host
        self._rules = rules
        self._arp_count = arp_count
        self._missing: set[str] = set()

    def ensure_host(self) -> None:
        """The root namespace forwards, translates and isolates as the rules say. Of a public
        interface that this host lacks, the log tells once."""
        self._forget_lost_proxies()
        # What the host answers for is all that needs to be known, after a crash too.
        answering = set(self._host.routes.proxied()) - {self._rules.public_interface}
        self._host.nft.converge(host_table(self._rules, answering))
        self._host.set_sysctl("net/ipv4/ip_forward", 1)
        public = self._rules.public_interface
        if public and self._has_public(public):
            self._answer_at_once(public)

    def ensure(self, spec: RouterSpec) -> None:
        """The router is as described, but for floating IPs on an interface that this host lacks:
        of those only the log tells. Raises HostError."""
        spec = self._without_missing(spec)
        names = Names(spec.network_id)
        self._host.ensure_netns(names.netns)
        router = self._host.inside(names.netns)
        router.links.mark("lo", self._mark)
        before = _translated(router)
        # Rules before links: no packet ever passes an unguarded router.
        router.nft.converge(router_table(self._router_rules(spec, names)))
        for floating, fixed in before.items():
            if spec.floating.get(floating) != fixed:
                # What began before goes on as it began, whatever the rules say now.
                router.flush_connections(floating)
        self._ensure_settings(router, spec)
        self._ensure_inside(router, spec, names)
        if spec.transit is None:
            self._remove_outside(names)
            return
        self._ensure_outside(router, spec, spec.transit, names)
        self._ensure_floating_paths(spec, spec.transit, names)

    def remove(self, network_id: str) -> None:
        """Nothing is left of the network's router."""
        names = Names(network_id)
        self._remove_outside(names)
        if self._host.switch.available():
            self._host.switch.remove_port(names.inside_port)
        self._host.links.delete(names.inside_port)
        self._host.delete_netns(names.netns)

    def owned(self) -> set[str]:
        """The routers on this host, whole or not, by the first 11 characters of network ids."""
        found = {
            name.removeprefix(prefix)
            for prefix in ("gx-", "ux-")
            for name in self._host.links.owned(prefix)
        }
        for netns in self._host.list_netns(NETNS_PREFIX):
            key = netns.removeprefix(NETNS_PREFIX)
            if key not in found and self._is_marked(netns):
                found.add(key)
        return found

    @property
    def _mark(self) -> str:
        # Namespaces have one name for the whole machine, where a lab may play a second host.
        return f"router of {self._host.netns or 'the host'}"

    def _is_marked(self, netns: str) -> bool:
        try:
            loopback = self._host.inside(netns).links.get("lo")
        except HostError:
            # It went in this moment, or is what a killed process left of one.
            return False
        return loopback is not None and loopback.owner == self._mark

    def _router_rules(self, spec: RouterSpec, names: Names) -> RouterRules:
        source = spec.transit.source if spec.transit and spec.snat else None
        return RouterRules(
            owner=OWNER_PREFIX + spec.network_id,
            inside=names.inside,
            outside=names.outside,
            networks=_networks(spec),
            source=source,
            floating=spec.floating,
            unchanged=self._unchanged(spec, names),
        )

    def _unchanged(self, spec: RouterSpec, names: Names) -> Sequence[str]:
        """Where fixed addresses are shown: nowhere if another network has the same ones."""
        if not self._rules.unchanged or spec.transit is None:
            return ()
        networks = _networks(spec)
        others = (one for one in self._host.routes.get() if one.device != names.outside_port)
        return () if any(one.destination in networks for one in others) else self._rules.unchanged

    def _ensure_settings(self, router: Host, spec: RouterSpec) -> None:
        router.set_sysctl("net/ipv4/ip_forward", 1)
        for scope in ("all", "default"):
            # A redirect would send hairpin traffic around the translation that it needs.
            router.set_sysctl(f"net/ipv4/conf/{scope}/send_redirects", 0)
            # The transit address is nobody's business inside.
            router.set_sysctl(f"net/ipv4/conf/{scope}/arp_ignore", 1)
        if any(ipaddress.ip_interface(cidr).version == 6 for cidr in spec.gateways):
            router.set_sysctl("net/ipv6/conf/all/forwarding", 1)

    def _ensure_inside(self, router: Host, spec: RouterSpec, names: Names) -> None:
        before = router.links.get(names.inside)
        self._host.links.ensure_veth(
            names.inside_port,
            names.inside,
            OWNER_PREFIX + spec.network_id,
            peer_netns=names.netns,
            mtu=spec.mtu,
            peer_mac=spec.mac,
        )
        if self._host.needs_checksums(spec.attachment):
            router.disable_checksum_offload(names.inside)
        metadata = [f"{METADATA_ADDRESS}/32"] if spec.metadata else []
        router.addresses.ensure_addresses(names.inside, [*spec.gateways, *metadata])
        owner = OWNER_PREFIX + spec.network_id
        self._host.attach(names.inside_port, spec.attachment, owner)
        after = router.links.get(names.inside)
        if before is None or after is None or before.mac != after.mac:
            v4 = [one for one in map(ipaddress.ip_interface, spec.gateways) if one.version == 4]
            addresses = [str(one.ip) for one in v4]
            router.send_gratuitous_arp(names.inside, addresses, self._arp_count)

    def _ensure_outside(
        self, router: Host, spec: RouterSpec, transit: Transit, names: Names
    ) -> None:
        self._host.links.ensure_veth(
            names.outside_port,
            names.outside,
            OWNER_PREFIX + spec.network_id,
            peer_netns=names.netns,
        )
        self._host.addresses.ensure_addresses(names.outside_port, [transit.host])
        router.addresses.ensure_addresses(names.outside, [transit.router])
        router.routes.ensure_routes(names.outside, ["0.0.0.0/0"], transit.gateway)

    def _ensure_floating_paths(self, spec: RouterSpec, transit: Transit, names: Names) -> None:
        port = names.outside_port
        wanted = {f"{address}/32" for address in spec.floating}
        if self._unchanged(spec, names):
            wanted |= set(_networks(spec))
        self._stop_answering(port, keep=wanted)
        self._host.routes.ensure_routes(port, wanted, transit.source)
        self._answer(spec)

    def _answer(self, spec: RouterSpec) -> None:
        """Answer for each floating IP on its interface and on no other."""
        public, answering = self._rules.public_interface, self._host.routes.proxied()
        wanted: dict[str, set[str]] = {}
        for address in spec.floating:
            interface = spec.interfaces.get(address, public)
            if interface:
                wanted.setdefault(interface, set()).add(address)
        for interface, addresses in wanted.items():
            self._announce(interface, addresses - answering.get(interface, set()))
        for interface, addresses in answering.items():
            if moved := addresses & set(spec.floating) - wanted.get(interface, set()):
                self._host.routes.change_proxies(interface, [], moved)
        if set(wanted) - {public}:
            self.ensure_host()

    def _announce(self, interface: str, floating: set[str]) -> None:
        if floating:
            self._answer_at_once(interface)
            self._host.routes.change_proxies(interface, floating, [])
            self._host.send_gratuitous_arp(interface, sorted(floating), self._arp_count)

    def _answer_at_once(self, interface: str) -> None:
        # The kernel would answer ARP for a floating IP only after up to 0.8 s.
        self._host.set_sysctl(f"net/ipv4/neigh/{interface}/proxy_delay", 0)

    def _without_missing(self, spec: RouterSpec) -> RouterSpec:
        public = self._rules.public_interface
        present: dict[str | None, bool] = {None: True}
        if public and spec.floating:
            present[public] = self._has_public(public)
        for address, interface in spec.interfaces.items():
            if address in spec.floating and interface not in present:
                what = f"the range of floating IP {address}"
                present[interface] = self._has(interface, what)
        floating = {
            address: fixed
            for address, fixed in spec.floating.items()
            if present[spec.interfaces.get(address, public)]
        }
        return replace(spec, floating=floating)

    def _has_public(self, public: str) -> bool:
        return self._has(public, f"public_interface = {public} of [gateway]")

    def _has(self, interface: str, what: str) -> bool:
        """Whether the host has the interface that ``what`` names. One that it lacks is told of
        once, and again only if it went once more."""
        if self._host.links.exists(interface):
            self._missing.discard(interface)
            return True
        if interface not in self._missing:
            self._missing.add(interface)
            LOG.warning(
                "%s: this host has no interface %s; no floating IP works on it, and instances do "
                "not reach the outside by it. It should be the interface towards the outside%s",
                what,
                interface,
                self._way_out(),
            )
        return False

    def _way_out(self) -> str:
        defaults = (one for one in self._host.routes.get() if one.destination == "0.0.0.0/0")
        devices = sorted({one.device for one in defaults})
        return f", such as {devices[0]}, where the default route leads" if devices else ""

    def _stop_answering(self, port: str, keep: set[str]) -> None:
        # Always before its route goes, so that a proxied address without a route is a lost one.
        routed = {route.destination for route in self._host.routes.owned(port)}
        gone = {cidr.removesuffix("/32") for cidr in routed - keep if cidr.endswith("/32")}
        if gone:
            for interface, addresses in self._host.routes.proxied().items():
                self._host.routes.change_proxies(interface, [], addresses & gone)

    def _forget_lost_proxies(self) -> None:
        routed = {
            route.destination.removesuffix("/32")
            for route in self._host.routes.get()
            if route.device.startswith("ux-")
        }
        for interface, addresses in self._host.routes.proxied().items():
            if lost := addresses - routed:
                self._host.routes.change_proxies(interface, [], lost)

    def _remove_outside(self, names: Names) -> None:
        if self._host.links.exists(names.outside_port):
            self._stop_answering(names.outside_port, keep=set())
            self._host.links.delete(names.outside_port)


def _translated(router: Host) -> dict[str, str | None]:
    """Which floating IPs lead to which fixed addresses now."""
    try:
        return {key[0]: fixed for key, fixed in router.nft.elements("inet", FLOATING).items()}
    except NotFound:
        return {}


def _networks(spec: RouterSpec) -> list[str]:
    interfaces = [ipaddress.ip_interface(cidr) for cidr in spec.gateways]
    return [str(one.network) for one in interfaces if one.version == 4]
