"""The words in which links, addresses and routes are asked of a kernel.

``Kernel`` is what the verbs of Links, Addresses and Routes are built on. Two things speak it: the
real kernel, through netlink (`netlink.py`), and the fake one of the tests (`fake.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["bridge", "veth", "vlan", "vxlan", "tap"]

# The alias of a link tells whose it is, to us and to whoever looks with `ip link`.
ALIAS_PREFIX = "nova-netplugins:"


@dataclass(frozen=True)
class Vxlan:
    """A VXLAN network as a host takes part in it: its identifier, the host's address (IPv4 or
    IPv6) that frames are sent from, and the UDP port of all hosts."""

    vni: int
    local: str
    port: int


@dataclass(frozen=True)
class Link:
    """One network device. ``kind`` is the kernel's name for it, empty for a physical one."""

    name: str
    index: int
    kind: str
    mac: str
    mtu: int
    up: bool
    alias: str = ""
    master: str | None = None
    vlan: int | None = None
    parent_index: int | None = None
    vxlan: Vxlan | None = None

    @property
    def owner(self) -> str | None:
        """Who among us made it; None if it is not ours."""
        if not self.alias.startswith(ALIAS_PREFIX):
            return None
        return self.alias.removeprefix(ALIAS_PREFIX)


@dataclass(frozen=True)
class NewLink:
    """A device to make. ``peer`` goes with veth, ``parent`` and ``vlan`` with vlan, ``vxlan``
    with vxlan."""

    name: str
    kind: Kind
    alias: str
    mtu: int | None = None
    mac: str | None = None
    peer: str | None = None
    peer_netns: str | None = None
    parent: str | None = None
    vlan: int | None = None
    vxlan: Vxlan | None = None


@dataclass(frozen=True)
class LinkChange:
    """What to change of a device; None leaves a property as it is."""

    up: bool | None = None
    mtu: int | None = None
    mac: str | None = None
    alias: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Remote:
    """Where a VXLAN device sends frames for a MAC address: to this host. For ``EVERYBODY``: where
    it sends copies of what is for all, or for a MAC address that it has not heard of."""

    mac: str
    host: str


EVERYBODY = "00:00:00:00:00:00"


@dataclass(frozen=True)
class Route:
    """An IPv4 or IPv6 route of the main table. ``destination`` is a CIDR."""

    destination: str
    device: str
    gateway: str | None = None
    metric: int = 0
    protocol: int = 0


class Kernel(Protocol):
    """One network namespace of one kernel.

    A verb on a link that is not there raises NotFound, a new name that is taken AlreadyExists,
    what this kernel cannot do NotSupported, anything else HostError.
    """

    @property
    def netns(self) -> str | None: ...

    def inside(self, netns: str | None) -> Kernel:
        """The same kernel, in another namespace."""

    def link(self, name: str) -> Link | None: ...

    def links(self) -> list[Link]: ...

    def create_link(self, new: NewLink) -> None: ...

    def change_link(self, name: str, change: LinkChange) -> None: ...

    def set_master(self, name: str, master: str | None) -> None: ...

    def delete_link(self, name: str) -> None: ...

    def addresses(self, link: str) -> list[str]:
        """Global and link-scope addresses as CIDRs, in the kernel's order, no IPv6 fe80::."""

    def change_addresses(self, link: str, add: Iterable[str], delete: Iterable[str]) -> None:
        """Deletions first, then additions, in one step; what is there or gone already is fine."""

    def link_with(self, address: str) -> str | None:
        """The link that has this IPv4 or IPv6 address."""

    def remotes(self, device: str) -> set[Remote]:
        """What a VXLAN device was told, or has learned, of other hosts."""

    def change_remotes(self, device: str, add: Iterable[Remote], delete: Iterable[Remote]) -> None:
        """In one step; what is there or gone already is fine."""

    def routes(self, device: str | None = None) -> list[Route]:
        """Routes of the main table that programs made, without the kernel's own."""

    def change_routes(self, add: Iterable[Route], delete: Iterable[Route]) -> None:
        """Deletions first, then additions, which replace; any number of them at once."""

    def proxies(self) -> dict[str, set[str]]:
        """Device -> addresses for which the kernel answers ARP there, as we asked it to."""

    def change_proxies(self, device: str, add: Iterable[str], delete: Iterable[str]) -> None: ...
