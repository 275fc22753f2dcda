"""A kernel made of dictionaries, for tests that have no root."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from nova_netplugins.host.errors import AlreadyExists, NotFound, NotSupported
from nova_netplugins.host.kernel import Link, LinkChange, NewLink, Remote, Route


@dataclass
class _Namespace:
    links: dict[str, Link] = field(default_factory=dict)
    peers: dict[str, tuple[str | None, str]] = field(default_factory=dict)
    addresses: dict[str, list[str]] = field(default_factory=dict)
    routes: dict[tuple[str, int], Route] = field(default_factory=dict)
    remotes: dict[str, set[Remote]] = field(default_factory=dict)
    proxies: dict[str, set[str]] = field(default_factory=dict)


class FakeKernel:
    """Behaves as NetlinkKernel does; all namespaces of one fake host share ``state``.

    ``has_8021q`` false makes VLAN devices fail as on a kernel without them.
    """

    def __init__(
        self,
        netns: str | None = None,
        state: dict[str | None, _Namespace] | None = None,
        has_8021q: bool = True,
    ) -> None:
        self._netns = netns
        self._state: dict[str | None, _Namespace] = {} if state is None else state
        self._has_8021q = has_8021q
        if state is None:
            self.add_namespace(None)
            self.add_namespace(netns)

    @property
    def netns(self) -> str | None:
        return self._netns

    def inside(self, netns: str | None) -> FakeKernel:
        return FakeKernel(netns, self._state, self._has_8021q)

    def add_namespace(self, netns: str | None) -> None:
        """As ensure_netns."""
        if netns not in self._state:
            loopback = Link("lo", 1, "", "00:00:00:00:00:00", 65536, True)
            self._state[netns] = _Namespace(
                {"lo": loopback}, addresses={"lo": ["127.0.0.1/8", "::1/128"]}
            )

    def delete_namespace(self, netns: str) -> None:
        """As delete_netns: the far ends of its veth pairs go too."""
        if netns in self._state:
            inside = self.inside(netns)
            for link in inside.links():
                if link.name != "lo" and inside.link(link.name) is not None:
                    inside.delete_link(link.name)
            del self._state[netns]

    def namespaces(self) -> list[str]:
        """Names of all namespaces, sorted, without the root."""
        return sorted(name for name in self._state if name is not None)

    def link(self, name: str) -> Link | None:
        return self._here.links.get(name)

    def links(self) -> list[Link]:
        return list(self._here.links.values())

    def create_link(self, new: NewLink) -> None:
        if new.name in self._here.links:
            raise AlreadyExists(f"creating {new.kind} {new.name}: the name or address is taken")
        if new.kind == "vlan" and not self._has_8021q:
            raise NotSupported("kernel has no 8021q, which VLAN devices need: modprobe 8021q")
        parent = self._existing(new.parent).index if new.parent else None
        link = self._new(new.name, new)
        self._refuse_second_vxlan(new)
        self._here.links[new.name] = replace(
            link, vlan=new.vlan, vxlan=new.vxlan, parent_index=parent
        )
        if new.kind == "veth" and new.peer:
            there = self.inside(new.peer_netns) if new.peer_netns else self
            there._here.links[new.peer] = replace(
                self._new(new.peer, new), alias="", parent_index=link.index
            )
            self._here.links[new.name] = replace(
                link, parent_index=there._here.links[new.peer].index
            )
            self._here.peers[new.name] = (there.netns, new.peer)
            there._here.peers[new.peer] = (self._netns, new.name)

    def change_link(self, name: str, change: LinkChange) -> None:
        link = self._existing(name)
        wanted = {key: value for key, value in vars(change).items() if value is not None}
        changed = replace(link, **wanted)
        del self._here.links[name]
        self._here.links[changed.name] = changed

    def set_master(self, name: str, master: str | None) -> None:
        if master is not None:
            self._existing(master)
        self._here.links[name] = replace(self._existing(name), master=master)

    def delete_link(self, name: str) -> None:
        self._existing(name)
        self._forget(name)

    def addresses(self, link: str) -> list[str]:
        self._existing(link)
        # The kernel lists IPv4 first.
        present = self._here.addresses.get(link, [])
        return sorted(present, key=lambda cidr: ":" in cidr)

    def change_addresses(self, link: str, add: Iterable[str], delete: Iterable[str]) -> None:
        self._existing(link)
        gone = set(delete)
        present = self._here.addresses.get(link, [])
        kept = [one for one in present if one not in gone]
        self._here.addresses[link] = list(dict.fromkeys([*kept, *add]))

    def link_with(self, address: str) -> str | None:
        wanted = ipaddress.ip_address(address)
        for name, cidrs in self._here.addresses.items():
            if any(ipaddress.ip_interface(cidr).ip == wanted for cidr in cidrs):
                return name
        return None

    def remotes(self, device: str) -> set[Remote]:
        self._existing(device)
        return set(self._here.remotes.get(device, ()))

    def change_remotes(self, device: str, add: Iterable[Remote], delete: Iterable[Remote]) -> None:
        self._existing(device)
        self._here.remotes[device] = (self.remotes(device) - set(delete)) | set(add)

    def routes(self, device: str | None = None) -> list[Route]:
        return [one for one in self._here.routes.values() if device in (None, one.device)]

    def change_routes(self, add: Iterable[Route], delete: Iterable[Route]) -> None:
        for route in delete:
            found = self._here.routes.get((route.destination, route.metric))
            if found is not None and found.device == route.device:
                del self._here.routes[route.destination, route.metric]
        for route in add:
            self._existing(route.device)
            ipaddress.ip_network(route.destination)
            self._here.routes[route.destination, route.metric] = route

    def proxies(self) -> dict[str, set[str]]:
        return {name: set(some) for name, some in self._here.proxies.items() if some}

    def change_proxies(self, device: str, add: Iterable[str], delete: Iterable[str]) -> None:
        self._existing(device)
        present = self._here.proxies.get(device, set())
        self._here.proxies[device] = (present - set(delete)) | set(add)

    @property
    def _here(self) -> _Namespace:
        if self._netns not in self._state:
            raise NotFound(f"there is no network namespace {self._netns}")
        return self._state[self._netns]

    def _existing(self, name: str) -> Link:
        link = self._here.links.get(name)
        if link is None:
            raise NotFound(f"there is no link {name} in {self._netns or 'this host'}")
        return link

    def _refuse_second_vxlan(self, new: NewLink) -> None:
        for link in self._here.links.values():
            if new.vxlan is None or link.vxlan is None:
                continue
            if (link.vxlan.vni, link.vxlan.port) == (new.vxlan.vni, new.vxlan.port):
                raise AlreadyExists(
                    f"creating vxlan {new.name}: another link has identifier {new.vxlan.vni} on "
                    f"port {new.vxlan.port}, or the name"
                )

    def _new(self, name: str, new: NewLink) -> Link:
        used = [link.index for space in self._state.values() for link in space.links.values()]
        index = max(used, default=0) + 1
        mac = (
            new.mac
            if new.mac and name == new.name
            else f"02:00:00:00:{index >> 8:02x}:{index & 255:02x}"
        )
        return Link(name, index, new.kind, mac, new.mtu or 1500, False, new.alias)

    def _forget(self, name: str) -> None:
        here = self._here
        del here.links[name]
        here.addresses.pop(name, None)
        here.proxies.pop(name, None)
        here.remotes.pop(name, None)
        here.routes = {key: one for key, one in here.routes.items() if one.device != name}
        for port in [link for link in here.links.values() if link.master == name]:
            here.links[port.name] = replace(port, master=None)
        far = here.peers.pop(name, None)
        if far is not None:
            there = self.inside(far[0])
            there._here.peers.pop(far[1], None)
            there._forget(far[1])
