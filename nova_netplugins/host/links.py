"""Links of a host: bridges, VLAN and VXLAN devices, veth pairs, taps.

A link we make says in its alias whose it is; only such links are ever deleted. Every verb may be
repeated: it changes what differs and nothing else.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from nova_netplugins.host.errors import AlreadyExists, HostError, NotFound
from nova_netplugins.host.kernel import (
    ALIAS_PREFIX,
    EVERYBODY,
    Kernel,
    Link,
    LinkChange,
    NewLink,
    Remote,
    Vxlan,
)

NAME_BYTES = 15
HIGHEST_VNI = 2**24 - 1
VXLAN_PORT = 4789


def _check_name(name: str) -> None:
    if not 0 < len(name.encode()) <= NAME_BYTES or any(c in "/: \t\n" for c in name):
        raise HostError(
            f"{name!r} is no link name: 1 to {NAME_BYTES} bytes, no slash, colon or space"
        )


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise HostError(f"{text!r} is no IPv4 or IPv6 address") from None


class Links:
    """The links of the namespace that ``kernel`` speaks for.

    All verbs raise HostError (or its subclasses) when the kernel refuses.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def get(self, name: str) -> Link | None:
        """The link as it is now, or None."""
        return self._kernel.link(name)

    def exists(self, name: str) -> bool:
        """Whether there is a link of this name."""
        return self._kernel.link(name) is not None

    def links(self) -> list[Link]:
        """All links of the namespace, at one moment."""
        return self._kernel.links()

    def owned(self, prefix: str = "") -> dict[str, str]:
        """Name -> owner of the links that we made and whose name begins with ``prefix``."""
        return {
            link.name: link.owner
            for link in self._kernel.links()
            if link.owner is not None and link.name.startswith(prefix)
        }

    def ensure_bridge(
        self, name: str, owner: str, mtu: int | None = None, mac: str | None = None
    ) -> Link:
        """A bridge with STP off and forward delay 0, up.

        A bridge that somebody else made is used as it is (it is only brought up), and never
        deleted. Raises AlreadyExists if the name belongs to something that is no bridge.
        """
        link = self._made(NewLink(name, "bridge", ALIAS_PREFIX + owner, mac=mac))
        if link.owner is None:
            return self._shaped(link, up=True)
        return self._shaped(link, up=True, mtu=mtu, mac=mac)

    def ensure_vlan(
        self, parent: str, vlan: int, name: str, owner: str, mtu: int | None = None
    ) -> Link:
        """An 802.1Q device for one VLAN id (1-4094) of ``parent``, up.

        Raises NotSupported if the kernel has no 8021q, NotFound if there is no ``parent``,
        AlreadyExists if the name is another VLAN's.
        """
        if not 1 <= vlan <= 4094:
            raise HostError(f"VLAN id {vlan} is outside 1-4094")
        link = self._made(NewLink(name, "vlan", ALIAS_PREFIX + owner, parent=parent, vlan=vlan))
        if link.vlan != vlan:
            raise AlreadyExists(f"{name} is VLAN {link.vlan}, wanted VLAN {vlan}")
        above = self._kernel.link(parent)
        if above is not None and link.parent_index not in (None, above.index):
            raise AlreadyExists(f"{name} belongs to another parent than {parent}")
        return self._shaped(link, up=True, mtu=mtu)

    def ensure_vxlan(
        self,
        name: str,
        vni: int,
        local: str,
        owner: str,
        port: int = VXLAN_PORT,
        mtu: int | None = None,
    ) -> Link:
        """A VXLAN device with this identifier (0-16777215), up, whose frames go out from the
        address ``local`` by UDP; whom it sends to, ``ensure_flood`` says.

        One of ours that has another address, port or identifier is made anew. Raises NotSupported
        if the kernel has no vxlan, AlreadyExists if another link has the identifier on that port.
        """
        if not 0 <= vni <= HIGHEST_VNI:
            raise HostError(f"VXLAN identifier {vni} is outside 0-{HIGHEST_VNI}")
        vxlan = Vxlan(vni, _address(local), port)
        link = self._kernel.link(name)
        if link is not None and link.owner is not None and link.vxlan not in (None, vxlan):
            # The kernel changes neither identifier nor port, and the address only of IPv4.
            self.delete(name)
        link = self._made(NewLink(name, "vxlan", ALIAS_PREFIX + owner, vxlan=vxlan))
        if link.vxlan != vxlan:
            raise AlreadyExists(f"{name} is {link.vxlan}, wanted {vxlan}")
        return self._shaped(link, up=True, mtu=mtu)

    def ensure_flood(self, name: str, hosts: Iterable[str]) -> bool:
        """Exactly these hosts, by their addresses, get copies of frames for everybody that go out
        by a VXLAN device; what was learned of others is forgotten. Whether anything was changed.

        Raises NotFound.
        """
        wanted = {Remote(EVERYBODY, _address(host)) for host in hosts}
        present = self._kernel.remotes(name)
        kept = {remote.host for remote in wanted}
        stale = {remote for remote in present if remote.host not in kept}
        if wanted <= present and not stale:
            return False
        self._kernel.change_remotes(name, wanted - present, stale)
        return True

    def link_with(self, address: str) -> Link | None:
        """The link that has this address."""
        name = self._kernel.link_with(_address(address))
        return self._kernel.link(name) if name is not None else None

    def ensure_tap(self, name: str, owner: str, mtu: int | None = None) -> Link:
        """A persistent tap device, up; one that a hypervisor made is used as it is."""
        link = self._made(NewLink(name, "tap", ALIAS_PREFIX + owner))
        return self._shaped(link, up=True, mtu=mtu)

    def ensure_veth(
        self,
        name: str,
        peer: str,
        owner: str,
        peer_netns: str | None = None,
        mtu: int | None = None,
        mac: str | None = None,
        peer_mac: str | None = None,
    ) -> Link:
        """A veth pair, both ends up: ``name`` here, ``peer`` in ``peer_netns`` (None: here too).

        A pair whose far end is lost or elsewhere is made anew. Raises AlreadyExists if one of the
        names is taken by something that is not ours.
        """
        _check_name(name)
        _check_name(peer)
        there = self._kernel.inside(peer_netns) if peer_netns else self._kernel
        near, far = self._kernel.link(name), there.link(peer)
        if near is not None and (near.kind != "veth" or near.owner is None):
            raise AlreadyExists(f"{name} is a link that is not ours, wanted a veth pair there")
        if near is None or far is None or far.parent_index != near.index:
            if far is not None and (far.kind != "veth" or far.owner is None):
                raise AlreadyExists(f"{peer} is a link that is not ours, wanted a veth end there")
            for kernel, link in ((self._kernel, near), (there, far)):
                if link is not None:
                    # It may be going already, with the namespace of its other end.
                    with suppress(NotFound):
                        kernel.delete_link(link.name)
            self._kernel.create_link(
                NewLink(
                    name, "veth", ALIAS_PREFIX + owner, mtu, mac, peer=peer, peer_netns=peer_netns
                )
            )
        far = there.link(peer)
        if far is None:
            raise NotFound(f"{peer} vanished while it was set up")
        Links(there)._shaped(far, alias=ALIAS_PREFIX + owner, mtu=mtu, mac=peer_mac, up=True)
        return self._shaped(self._there(name), mtu=mtu, mac=mac, up=True)

    def ensure_port(self, bridge: str, link: str) -> None:
        """``link`` is a port of the Linux bridge. Raises AlreadyExists naming its other bridge."""
        port = self._there(link)
        if port.master == bridge:
            return
        if port.master is not None:
            raise AlreadyExists(f"{link} is a port of {port.master}, wanted in {bridge}")
        if self._there(bridge).kind != "bridge":
            raise HostError(f"{bridge} is no bridge, so {link} cannot be its port")
        self._kernel.set_master(link, bridge)

    def release_port(self, link: str) -> None:
        """``link`` is a port of no bridge; it need not exist."""
        port = self._kernel.link(link)
        if port is not None and port.master is not None:
            self._kernel.set_master(link, None)

    def set_up(self, name: str) -> None:
        """The link is up. Raises NotFound."""
        self._shaped(self._there(name), up=True)

    def set_mtu(self, name: str, mtu: int) -> None:
        """The link has this MTU, in bytes. Raises NotFound."""
        self._shaped(self._there(name), mtu=mtu)

    def set_mac(self, name: str, mac: str) -> None:
        """The link has this MAC address. Raises NotFound."""
        self._shaped(self._there(name), mac=mac)

    def mark(self, name: str, owner: str) -> None:
        """The link says that it is ours. Raises NotFound."""
        self._shaped(self._there(name), alias=ALIAS_PREFIX + owner)

    def delete(self, name: str) -> bool:
        """The link is gone, if it was ours; whether it was there and ours."""
        link = self._kernel.link(name)
        if link is None or link.owner is None:
            return False
        try:
            self._kernel.delete_link(name)
        except NotFound:
            return False
        return True

    def _there(self, name: str) -> Link:
        link = self._kernel.link(name)
        if link is None:
            where = self._kernel.netns or "this host"
            raise NotFound(f"there is no link {name} in {where}")
        return link

    def _made(self, new: NewLink) -> Link:
        _check_name(new.name)
        link = self._kernel.link(new.name)
        if link is None:
            try:
                self._kernel.create_link(new)
            except AlreadyExists:
                # Another of our processes may be faster; what it made is judged below.
                if self._kernel.link(new.name) is None:
                    raise
            link = self._there(new.name)
        if link.kind != new.kind:
            found = link.kind or "physical"
            raise AlreadyExists(f"{new.name} is a {found} link, wanted a {new.kind} of that name")
        return link

    def _shaped(
        self,
        link: Link,
        up: bool | None = None,
        mtu: int | None = None,
        mac: str | None = None,
        alias: str | None = None,
    ) -> Link:
        change = LinkChange(
            up=None if up == link.up else up,
            mtu=None if mtu == link.mtu else mtu,
            mac=None if mac is None or mac.lower() == link.mac else mac.lower(),
            alias=None if alias == link.alias else alias,
        )
        if change == LinkChange():
            return link
        self._kernel.change_link(link.name, change)
        return replace(
            link,
            up=link.up if up is None else up,
            mtu=mtu or link.mtu,
            mac=(mac or link.mac).lower(),
            alias=link.alias if alias is None else alias,
        )
