"""Four projects with four network services, two instances each, and what they can reach."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import melange.client
from netkit.errors import ServiceError
from nova_netplugins.client import Client
from nova_netplugins.host.driver import Host
from nova_netplugins.host.errors import HostError
from nova_netplugins.lab import show
from nova_netplugins.lab.compute import Compute
from nova_netplugins.lab.lab import InstanceNic, Lab
from nova_netplugins.plugin import VirtualNic

MODULES = (
    "nova_netplugins.flat",
    "nova_netplugins.flat_dhcp",
    "nova_netplugins.vlan",
    "nova_netplugins.netstack",
)
PROJECTS = {"red": "flat", "green": "flat_dhcp", "blue": "vlan", "violet": "netstack"}
HOW = {"flat": "injected", "flat_dhcp": "DHCP", "vlan": "DHCP", "netstack": "DHCP"}

# vlan makes a network of its own for its project.
NETWORKS: Mapping[str, Mapping[str, object]] = {
    "flat": {"cidr": "10.20.0.0/24", "dns1": "9.9.9.9"},
    "flat_dhcp": {"cidr": "10.30.0.0/24", "dns1": "9.9.9.9"},
    "netstack": {"subnets": [{"cidr": "10.40.0.0/24", "dns": ["9.9.9.9"]}]},
}
INSTANCES = 2

# Melange gives the MAC addresses of netstack's NICs.
MAC_RANGE = "fa:16:3e:c0:00:00/26"

ANSWER_SECONDS = 5.0
# Long enough for ARP and an answer, were there one.
REFUSED_SECONDS = 0.0

T = TypeVar("T")


@dataclass(frozen=True)
class Outcome:
    table: str
    failures: tuple[str, ...]


class Demo:
    """``host`` None: without packets."""

    def __init__(self, client: Client, compute: Compute, host: Host | None) -> None:
        self._client = client
        self._compute = compute
        self._lab = Lab(compute, host) if host is not None else None

    def prepare(self, melange: melange.client.Client) -> None:
        """Networks and associations. ``melange``: without anything in it yet."""
        melange.mac_address_ranges.create(MAC_RANGE)
        for service, network in NETWORKS.items():
            body = {"network": {"label": service, **network}}
            self._client.below(service).post("networks", body)
        for project, service in PROJECTS.items():
            self._compute.associate(project, service)

    def run(self) -> Outcome:
        """Boot all instances at once, and look. Raises ``ServiceError``, ``HostError``.

        An instance that cannot be booted is a failure of the outcome.
        """
        wanted = [(f"{p}-{n + 1}", p) for p in PROJECTS for n in range(INSTANCES)]
        if self._lab is None:
            return self._without_packets(wanted)
        lab = self._lab
        failures = [error for error in _each(lambda one: _boot(lab, *one), wanted) if error]
        nics = lab.list()
        near = _each(lambda nic: self._reaches_neighbour(lab, nic, nics), nics)
        far = _each(lambda nic: self._reached_others(lab, nic, nics), nics)
        rows = [
            (*_first_columns(nic), "answers" if answers else "NO ANSWER", _refusal(reached))
            for nic, answers, reached in zip(nics, near, far, strict=True)
        ]
        for nic, answers, reached in zip(nics, near, far, strict=True):
            failures += _flaws(nic)
            if not answers:
                failures.append(f"{nic.instance} does not reach its neighbour")
            if reached:
                failures.append(f"{nic.instance} reaches {', '.join(reached)}")
        return Outcome(show.table(_COLUMNS, rows), tuple(failures))

    def _without_packets(self, wanted: Sequence[tuple[str, str]]) -> Outcome:
        def allocate(one: tuple[str, str]) -> list[VirtualNic]:
            return self._compute.allocate(PROJECTS[one[1]], one[1], one[0], ())

        rows = [
            (project, PROJECTS[project], name, nic.id, nic.mac_address, _fixed(nic), "-", "-", "-")
            for (name, project), nics in zip(wanted, _each(allocate, wanted), strict=True)
            for nic in nics
        ]
        return Outcome(show.table(_COLUMNS, rows), ())

    def _reaches_neighbour(self, lab: Lab, nic: InstanceNic, nics: Sequence[InstanceNic]) -> bool:
        others = [n for n in nics if n.project_id == nic.project_id and n.instance != nic.instance]
        return bool(others) and all(
            lab.ping(nic.instance, address, ANSWER_SECONDS)
            for other in others
            for address in other.addresses[:1]
        )

    def _reached_others(self, lab: Lab, nic: InstanceNic, nics: Sequence[InstanceNic]) -> list[str]:
        """The instances of other projects that answer, which none should."""
        others = [n for n in nics if n.project_id != nic.project_id and n.addresses]
        answers = _each(
            lambda other: lab.ping(nic.instance, other.addresses[0], REFUSED_SECONDS), others
        )
        return [other.instance for other, answer in zip(others, answers, strict=True) if answer]


_COLUMNS = (
    "Project",
    "Service",
    "Instance",
    "NIC",
    "MAC address",
    "Address",
    "Got by",
    "Neighbour",
    "Other projects",
)


def _first_columns(nic: InstanceNic) -> tuple[str, ...]:
    address = "\n".join(nic.addresses) or "-"
    first = (nic.project_id, nic.service, nic.instance, nic.nic_id, nic.mac_address)
    return (*first, address, nic.how)


def _fixed(nic: VirtualNic) -> str:
    return "\n".join(fixed.address for fixed in nic.fixed_ips)


def _refusal(reached: Sequence[str]) -> str:
    return f"REACHES {', '.join(reached)}" if reached else "refused"


def _boot(lab: Lab, name: str, project: str) -> str:
    """Why it failed, or nothing."""
    try:
        lab.boot(name, project)
    except (ServiceError, HostError) as error:
        return f"{name} cannot be booted: {error}"
    return ""


def _flaws(nic: InstanceNic) -> list[str]:
    flaws = []
    if not nic.addresses:
        flaws.append(f"{nic.instance} has no address")
    if nic.how != HOW[nic.service]:
        flaws.append(f"{nic.instance} got its address by {nic.how}, not {HOW[nic.service]}")
    return flaws


A = TypeVar("A")


def _each(work: Callable[[A], T], items: Iterable[A]) -> list[T]:
    """The work on each item, all at once; raises what the first that failed raised."""
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(work, items))
