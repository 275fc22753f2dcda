"""What a host is on a network that it serves: the addresses and the MAC of its gateway there."""

from __future__ import annotations

import hashlib
import ipaddress
from typing import Any

from nova_netplugins.ethernet import planning

Serving = dict[str, Any]
"""What net-api tells of a network to serve: ``network`` (its columns), ``here`` (whether this host
is to serve it) and, only then, the rest, as the service's own ``describe`` says. What has a
``state`` need not be described again as long as that is the same."""


def mac(serving: Serving, host: str) -> str:
    """The same whenever the router is made anew, and on whichever host serves the network: what
    instances remember of their gateway stays true. Where each host has a gateway of its own, so is
    its MAC. Locally administered (IEEE 802).
    """
    who = host if _of_each_host(serving) else ""
    digest = hashlib.sha256(f"{serving['network']['id']} {who}".encode()).hexdigest()
    return ":".join(["02", *(digest[index : index + 2] for index in range(0, 10, 2))])


def addresses(serving: Serving, host: str) -> tuple[str, ...]:
    """With prefix lengths, IPv4 first."""
    network = serving["network"]
    found = []
    if serving["address"] is not None:
        length = ipaddress.ip_network(network["cidr"]).prefixlen
        found.append(f"{serving['address']}/{length}")
    if network["cidr_v6"] is not None:
        length = ipaddress.ip_network(network["cidr_v6"]).prefixlen
        found.append(f"{address_v6(serving, host)}/{length}")
    return tuple(found)


def address_v6(serving: Serving, host: str) -> str:
    """The network's gateway, or the host's own address where each host has one: on one wire two
    may not have the same.
    """
    network = serving["network"]
    if not _of_each_host(serving):
        return str(network["gateway_v6"])
    return planning.eui64(planning.IPv6(network["cidr_v6"]), mac(serving, host))


def _of_each_host(serving: Serving) -> bool:
    network = serving["network"]
    return bool(network["multi_host"]) and not network["share_address"]
