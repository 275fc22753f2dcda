"""The real kernel, through netlink (pyroute2).

Every verb opens a netlink socket of its own inside the namespace (0.8 ms) and closes it: nothing
is shared between threads, and nothing stays open in a namespace that is to be deleted.
"""

from __future__ import annotations

import errno
import ipaddress
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from pyroute2 import IPRoute, NetlinkError

from nova_netplugins.host import netlink_bulk, netlink_remotes
from nova_netplugins.host.errors import AlreadyExists, HostError, NotFound, NotSupported
from nova_netplugins.host.kernel import Link, LinkChange, NewLink, Remote, Route
from nova_netplugins.host.namespaces import entered, opened
from nova_netplugins.host.netlink_messages import creation_messages, read_link
from nova_netplugins.host.taps import new_tap

T = TypeVar("T")

DUMP_ATTEMPTS = 20
SKIP_STATISTICS = 8
GONE = (errno.ENODEV, errno.ESRCH, errno.ENOENT, errno.EADDRNOTAVAIL)


def refusal(code: int, what: str) -> HostError:
    """The exception for an errno that the kernel gave as answer to ``what``."""
    if code == errno.EEXIST:
        return AlreadyExists(f"{what}: the name or address is taken")
    if code in GONE:
        return NotFound(f"{what}: {os.strerror(code)}")
    if code == errno.EOPNOTSUPP:
        return NotSupported(f"{what}: this kernel does not support it")
    return HostError(f"{what}: {os.strerror(code)}")


class NetlinkKernel:
    """Links, addresses and routes of one network namespace; None is the caller's own."""

    def __init__(self, netns: str | None = None) -> None:
        self._netns = netns

    @property
    def netns(self) -> str | None:
        return self._netns

    def inside(self, netns: str | None) -> NetlinkKernel:
        return NetlinkKernel(netns)

    @contextmanager
    def _session(self, what: str) -> Iterator[Any]:
        with entered(self._netns):
            session = IPRoute()
        try:
            yield session
        except NetlinkError as error:
            raise refusal(error.code, what) from error
        finally:
            session.close()

    def _dump(self, what: str, read: Callable[[Any], Iterable[Any]]) -> list[Any]:
        """A dump as it was at one moment: pyroute2 does not look at the flag that says so."""

        def attempt() -> list[Any] | None:
            with self._session(what) as session:
                messages = list(read(session))
            flags = (message["header"]["flags"] for message in messages)
            return None if any(f & netlink_bulk.DUMP_INTERRUPTED for f in flags) else messages

        return _undisturbed(what, attempt)

    def link(self, name: str) -> Link | None:
        with self._session(f"reading link {name}") as session:
            try:
                message = session.link("get", ifname=name, ext_mask=SKIP_STATISTICS)[0]
                index = message.get("IFLA_MASTER")
                master = session.link("get", index=index)[0].get("IFLA_IFNAME") if index else None
            except NetlinkError as error:
                if error.code == errno.ENODEV:
                    return None
                raise
        return read_link(message, master)

    def links(self) -> list[Link]:
        messages = self._dump("listing links", lambda s: s.get_links(ext_mask=SKIP_STATISTICS))
        names = {message["index"]: message.get("IFLA_IFNAME") for message in messages}
        return [read_link(message, names.get(message.get("IFLA_MASTER"))) for message in messages]

    def create_link(self, new: NewLink) -> None:
        if self.link(new.name) is not None:
            raise refusal(errno.EEXIST, f"creating {new.kind} {new.name}")
        if new.kind == "tap":
            with new_tap(self._netns, new.name):
                self.change_link(new.name, LinkChange(alias=new.alias, mtu=new.mtu, mac=new.mac))
            return
        parent = self._index(new.parent) if new.parent else None
        with opened(new.peer_netns) as peer_netns:
            messages = creation_messages(new, parent, peer_netns if new.peer_netns else None)
            made, described = netlink_bulk.send(self._netns, messages)
        if made == errno.EOPNOTSUPP and new.kind == "vlan":
            raise NotSupported(
                "kernel has no 8021q, which VLAN devices need: modprobe 8021q, "
                "or use the openvswitch driver"
            )
        if made == errno.EOPNOTSUPP and new.kind == "vxlan":
            raise NotSupported("kernel has no vxlan: modprobe vxlan, or use openvswitch")
        if made == errno.EEXIST and new.vxlan is not None:
            raise AlreadyExists(
                f"creating vxlan {new.name}: another link has identifier {new.vxlan.vni} on port "
                f"{new.vxlan.port}, or the name"
            )
        if made or described:
            raise refusal(made or described, f"creating {new.kind} {new.name}")

    def change_link(self, name: str, change: LinkChange) -> None:
        state = None if change.up is None else ("up" if change.up else "down")
        named = {
            "address": change.mac,
            "mtu": change.mtu,
            "ifalias": change.alias,
            "ifname": change.name,
            "state": state,
        }
        wanted = {key: value for key, value in named.items() if value is not None}
        with self._session(f"setting {wanted} on link {name}") as session:
            index = self._index(name)
            for key, value in wanted.items():
                session.link("set", index=index, **{key: value})

    def set_master(self, name: str, master: str | None) -> None:
        with self._session(f"making {name} a port of {master or 'no bridge'}") as session:
            index = self._index(master) if master else 0
            session.link("set", index=self._index(name), master=index)

    def delete_link(self, name: str) -> None:
        with self._session(f"deleting link {name}") as session:
            session.link("del", index=self._index(name))

    def addresses(self, link: str) -> list[str]:
        index = self._index(link)
        listed = self._addresses(f"listing addresses of {link}")
        return [one.cidr for one in listed if one.link == index and not one.is_link_local]

    def _addresses(self, what: str) -> list[netlink_bulk.LinkAddress]:
        bodies = self._bulk(what, netlink_bulk.addresses_request())
        return [netlink_bulk.parse_address(body) for body in bodies]

    def change_addresses(self, link: str, add: Iterable[str], delete: Iterable[str]) -> None:
        index = self._index(link)
        self._change(
            lambda cidr, gone: netlink_bulk.address_message(cidr, index, gone),
            lambda cidr: f"changing address {cidr} on {link}",
            add,
            delete,
            there=[errno.EEXIST],
        )

    def _change(
        self,
        message: Callable[[T, bool], bytes],
        what: Callable[[T], str],
        add: Iterable[T],
        delete: Iterable[T],
        there: Collection[int] = (),
    ) -> None:
        """What goes and then what comes, all in one go. ``there``: codes that say that something
        has come already, which is fine, as it is that something is gone."""
        every = [(one, True) for one in delete] + [(one, False) for one in add]
        answers = netlink_bulk.send(self._netns, [message(one, gone) for one, gone in every])
        for (one, gone), code in zip(every, answers, strict=True):
            if code and code not in (GONE if gone else there):
                raise refusal(code, what(one))

    def link_with(self, address: str) -> str | None:
        wanted = ipaddress.ip_address(address)
        for one in self._addresses(f"looking for {address}"):
            if ipaddress.ip_interface(one.cidr).ip == wanted:
                return self._name(one.link)
        return None

    def _name(self, index: int) -> str | None:
        with self._session(f"reading link {index}") as session:
            try:
                name: str = session.link("get", index=index, ext_mask=SKIP_STATISTICS)[0].get(
                    "IFLA_IFNAME"
                )
            except NetlinkError as error:
                if error.code in GONE:
                    return None
                raise
        return name

    def remotes(self, device: str) -> set[Remote]:
        request = netlink_remotes.remotes_request(self._index(device))
        bodies = self._bulk(f"listing remotes of {device}", request)
        return set(filter(None, map(netlink_remotes.parse_remote, bodies)))

    def change_remotes(self, device: str, add: Iterable[Remote], delete: Iterable[Remote]) -> None:
        index = self._index(device)
        self._change(
            lambda remote, gone: netlink_remotes.remote_message(remote, index, gone),
            lambda remote: f"changing what {device} sends to {remote.host}",
            add,
            delete,
            there=[errno.EEXIST],
        )

    def routes(self, device: str | None = None) -> list[Route]:
        names = {link.index: link.name for link in self.links()}
        bodies = self._bulk("listing routes", netlink_bulk.routes_request())
        routes = (netlink_bulk.parse_route(body, names) for body in bodies)
        return [route for route in routes if route and device in (None, route.device)]

    def change_routes(self, add: Iterable[Route], delete: Iterable[Route]) -> None:
        removed, added = list(delete), list(add)
        index = {name: self._index(name) for name in {route.device for route in removed + added}}
        self._change(
            lambda route, gone: netlink_bulk.route_message(route, index[route.device], gone),
            lambda route: f"changing the route to {route.destination} ({route.device})",
            added,
            removed,
        )

    def proxies(self) -> dict[str, set[str]]:
        names = {link.index: link.name for link in self.links()}
        bodies = self._bulk("listing proxied neighbours", netlink_bulk.proxies_request())
        found: dict[str, set[str]] = {}
        for index, address in filter(None, map(netlink_bulk.parse_proxy, bodies)):
            if index in names:
                found.setdefault(names[index], set()).add(address)
        return found

    def change_proxies(self, device: str, add: Iterable[str], delete: Iterable[str]) -> None:
        index = self._index(device)
        removed, added = list(delete), list(add)
        messages = [netlink_bulk.proxy_message(address, index, True) for address in removed]
        messages += [netlink_bulk.proxy_message(address, index) for address in added]
        answers = netlink_bulk.send(self._netns, messages)
        for position, (address, code) in enumerate(zip(removed + added, answers, strict=True)):
            if code and not (position < len(removed) and code in GONE):
                raise refusal(code, f"answering for {address} on {device}")

    def _bulk(self, what: str, request: bytes) -> list[bytes]:
        return _undisturbed(what, lambda: netlink_bulk.dump(self._netns, request))

    def _index(self, name: str) -> int:
        link = self.link(name)
        if link is None:
            where = f"namespace {self._netns}" if self._netns else "this host"
            raise NotFound(f"there is no link {name} in {where}")
        return link.index


def _undisturbed(what: str, attempt: Callable[[], list[Any] | None]) -> list[Any]:
    """What ``attempt`` read; it answers None when a change came in between, and is repeated."""
    for _ in range(DUMP_ATTEMPTS):
        found = attempt()
        if found is not None:
            return found
    raise HostError(f"{what}: it kept changing while it was read, {DUMP_ATTEMPTS} times")
