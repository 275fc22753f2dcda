"""Everything that daemons left on a machine, in a form that can be compared."""

from __future__ import annotations

import difflib
import json
import pprint
import re
import time
from collections.abc import Sequence
from typing import Any

from tests.dataplane.machine import CommandFailed, Machine

Footprint = dict[str, object]


def footprint(machine: Machine) -> Footprint:
    """Namespaces with their links, addresses, routes and rules; the DHCP servers with their
    process ids. Equal for two moments if nothing was changed, made again or made twice."""
    found: Footprint = {"machine": _network(machine, ())}
    names = [line.split()[0] for line in machine.run("ip", "netns").splitlines()]
    for name in names:
        try:
            found[name] = _network(machine, ("ip", "netns", "exec", name))
        except CommandFailed:
            found[name] = "is going"
    found["processes"] = {
        pid: args for pid, args in machine.processes().items() if "bin/nova-netplugins-" not in args
    }
    return found


def comes_back(machine: Machine, before: Footprint, seconds: float = 30) -> str:
    """Empty once the machine is as it was, else what still differs when the time is over."""
    deadline = time.monotonic() + seconds
    while difference := _difference(before, footprint(machine)):
        if time.monotonic() > deadline:
            return difference
    return ""


def _difference(before: Footprint, after: Footprint) -> str:
    old, new = (pprint.pformat(found, width=160).splitlines() for found in (before, after))
    return "\n".join(difflib.unified_diff(old, new, "before", "after", lineterm="", n=1))


def lasting(found: Footprint) -> Footprint:
    """What of a footprint survives a reboot: all but the kernel's numbers."""
    kept: Footprint = {}
    for name, network in found.items():
        if name == "processes":
            continue
        assert isinstance(network, dict)
        links = {
            link: {key: value for key, value in about.items() if key not in ("index", "mac")}
            for link, about in network["links"].items()
        }
        kept[name] = {**network, "links": links}
    return kept


def _network(machine: Machine, inside: Sequence[str]) -> dict[str, object]:
    links = json.loads(machine.run(*inside, "ip", "-j", "address"))
    return {
        "links": {link["ifname"]: _link(link) for link in links if link},
        "routes": sorted(machine.run(*inside, "ip", "route").splitlines()),
        "proxies": sorted(machine.run(*inside, "ip", "neighbour", "show", "proxy").splitlines()),
        "rules": _sorted(machine.run(*inside, "nft", "--stateless", "list", "ruleset")),
    }


def _sorted(ruleset: str) -> list[str]:
    """Tables and the elements of sets have no order of their own."""
    elements = re.compile(r"elements = \{(.*?)\}", re.DOTALL)
    ordered = elements.sub(lambda found: str(sorted(re.split(r"[\s,]+", found[1]))), ruleset)
    return sorted(re.split(r"^(?=table )", ordered, flags=re.MULTILINE))


def _link(link: dict[str, Any]) -> dict[str, object]:
    addresses = [one["local"] for one in link["addr_info"] if one["scope"] == "global"]
    return {
        "index": link["ifindex"],
        "mac": link["address"],
        "mtu": link["mtu"],
        "bridge": link.get("master"),
        "up": "UP" in link["flags"],
        "addresses": sorted(addresses),
    }
