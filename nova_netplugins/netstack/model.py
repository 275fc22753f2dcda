"""What netstack speaks of: Melange's objects as it keeps them, and what a new network is to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

COMPUTE = "compute"
GATEWAY = "gateway"
"""What a virtual NIC is for: an instance, or the net-service of its network."""

BUILDING = "building"
ACTIVE = "active"
DELETING = "deleting"
"""Of a network or a virtual NIC; nobody sees one that is not active."""


class _Stored:
    def to_json(self) -> dict[str, Any]:
        """Its fields, as they are: ``dataclasses.asdict`` would copy all within them."""
        return dict(vars(self))


@dataclass(frozen=True)
class Block(_Stored):
    """A block of addresses on a network. ``routes``: [{"destination", "gateway"}]; ``options``:
    of DHCP, by name or, where it has none, number. ``tags``: all that it has in Melange."""

    id: str
    tenant_id: str
    version: int
    cidr: str
    gateway: str | None = None
    dns: tuple[str, ...] = ()
    priority: int = 0
    network_id: str | None = None
    routes: tuple[Mapping[str, str], ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Block:
        lists = {name: tuple(stored[name]) for name in ("dns", "routes", "tags")}
        return cls(**{**stored, **lists})


@dataclass(frozen=True)
class Address(_Stored):
    """An address that an interface has, and of its block what the interface has to know."""

    address: str
    version: int
    block_id: str
    cidr: str
    gateway: str | None = None

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Address:
        return cls(**stored)


@dataclass(frozen=True)
class Interface:
    """A virtual NIC as Melange has it. ``mac_address``: lower case. ``allowed``: the addresses that
    it may use, each with the id of its block; None: they were not asked for.

    A project may have blocks of its own in Melange, and give its interfaces addresses of them: only
    those of the network's blocks count on a network."""

    id: str
    mac_address: str | None
    tenant_id: str
    device_id: str | None
    addresses: tuple[Address, ...] = ()
    allowed: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True)
class BlockSpec:
    """A block to be. ``dns``: at most two; none: Melange's own. ``gateway`` None: the first address
    after the network's own; "": none."""

    cidr: str
    gateway: str | None = None
    dns: tuple[str, ...] = ()
    priority: int = 0


@dataclass(frozen=True)
class NetworkSpec:
    """A network to be. ``blocks`` empty: pure layer 2. ``project_id`` None: for every project of
    netstack. ``adopt``: the id of a layer 2 network that is there already. ``routed``: it has a
    router on its network host, with NAT and floating IPs. ``priority``: where an instance that
    names none gets its NICs first: the lowest."""

    label: str
    project_id: str | None = None
    blocks: Sequence[BlockSpec] = ()
    mtu: int | None = None
    priority: int = 0
    routed: bool = True
    enable_dhcp: bool = True
    adopt: str | None = None


@dataclass(frozen=True)
class NicPlan(_Stored):
    """A virtual NIC as the steps that make or delete it have to know it.

    ``tenant``: has the interface in Melange; ``network_tenant``: the network's blocks.
    ``device_id``: the instance, or what else has it. ``mac_address``, ``addresses``: asked for, or
    those it has. ``versions``: of IP, which its network was known to have.
    """

    id: str
    network_id: str
    tenant: str
    network_tenant: str
    device_id: str
    purpose: str = COMPUTE
    instance_id: str | None = None
    host: str | None = None
    hostname: str | None = None
    mac_address: str | None = None
    addresses: tuple[str, ...] = ()
    versions: tuple[int, ...] = ()
    port_id: str | None = None
    default_route: bool = True

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> NicPlan:
        lists = {name: tuple(stored[name]) for name in ("addresses", "versions")}
        return cls(**{**stored, **lists})
