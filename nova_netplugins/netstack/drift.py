"""How far what a DHCP server serves is from what Melange says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nova_netplugins.ethernet import planning
from nova_netplugins.host.dhcp.model import DhcpHost, DhcpNetwork

KINDS = ("missing", "extra", "wrong")

EXAMPLES = 20
"""Of each kind at most so many are named; all are counted."""


@dataclass(frozen=True)
class Drift:
    """``allocated`` and ``served``: how many addresses. ``missing``: allocated, not served;
    ``extra``: served, not allocated; ``wrong``: served to another MAC address; ``unformed``: an
    address that its NIC does not make itself, where NICs make their own. Each names its
    addresses."""

    allocated: int
    served: int
    missing: Sequence[str] = ()
    extra: Sequence[str] = ()
    wrong: Sequence[str] = ()
    unformed: Sequence[str] = ()

    @property
    def repairable(self) -> bool:
        """Whether telling the server again makes a difference."""
        return bool(self.missing or self.extra or self.wrong)

    def to_json(self) -> dict[str, Any]:
        """As net-api is told: of each kind ``count`` and ``examples``."""
        return {
            "allocated": self.allocated,
            "served": self.served,
            "missing": _named(self.missing),
            "extra": _named(self.extra),
            "wrong": _named([*self.wrong, *self.unformed]),
        }

    def __str__(self) -> str:
        return in_words(self.to_json())


def in_words(report: Mapping[str, Any]) -> str:
    """What ``Drift.to_json`` has found; empty if it is nothing."""
    told = [(kind, report[kind]) for kind in KINDS]
    return "; ".join(
        f"{found['count']} {kind} ({found['examples'][0]})"
        for kind, found in told
        if found["count"]
    )


def compare(
    network: DhcpNetwork, hosts: Iterable[DhcpHost], served: Mapping[str, Sequence[str]]
) -> Drift:
    """``hosts``: all that Melange says are on the network; ``served``: addresses by MAC."""
    known = list(hosts)
    allocated = {address: host.mac for host in known for address in _due(network, host)}
    given = {address: mac for mac, addresses in served.items() for address in addresses}
    both = allocated.keys() & given.keys()
    return Drift(
        allocated=len(allocated),
        served=len(given),
        missing=[f"{one} of {allocated[one]}" for one in sorted(allocated.keys() - given.keys())],
        extra=[f"{one} to {given[one]}" for one in sorted(given.keys() - allocated.keys())],
        wrong=[
            f"{one} of {allocated[one]} to {given[one]}"
            for one in sorted(both)
            if allocated[one] != given[one]
        ],
        unformed=[one for host in known for one in _unformed(network, host)],
    )


def _due(network: DhcpNetwork, host: DhcpHost) -> list[str]:
    """What the host is to be given; an address of no subnet that is served here among it."""
    astray = [one for one in host.addresses if network.subnet_of(one) is None]
    return [*network.given(host), *astray]


def _unformed(network: DhcpNetwork, host: DhcpHost) -> list[str]:
    found = []
    for address in host.addresses:
        subnet = network.subnet_of(address)
        if subnet is not None and subnet.slaac:
            made = planning.eui64(planning.IPv6(subnet.cidr), host.mac)
            if made != address:
                found.append(f"{address} of {host.mac}, which makes {made}")
    return found


def _named(found: Sequence[str]) -> dict[str, Any]:
    return {"count": len(found), "examples": list(found[:EXAMPLES])}
