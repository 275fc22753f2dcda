"""The nftables table of a router namespace, which serves one network.

Two links matter: ``inside`` (gw-...), where instances have their gateway, and ``outside`` (up-...),
which leads to the host by a transit address. A floating IP costs one lookup in a map, however many
there are. What begins outside passes only if a floating IP brought it here.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nova_netplugins.host.nft import Chain, Collection, Hook, Key, Table, address_key

METADATA_ADDRESS = "169.254.169.254"
FLOATING, FIXED = "floating", "fixed"
DSTNAT, FILTER, SRCNAT = -100, 0, 100


@dataclass(frozen=True)
class RouterRules:
    """What the table is made of.

    ``networks`` are the IPv4 CIDRs inside; ``source`` the transit address that others see, None
    for no source NAT; ``floating`` maps floating to fixed addresses; ``unchanged`` are
    destinations (CIDRs) that see the fixed address itself.
    """

    owner: str
    inside: str
    outside: str
    networks: Sequence[str]
    source: str | None
    floating: Mapping[str, str] = field(default_factory=dict)
    unchanged: Sequence[str] = ()


def floating_elements(floating: Mapping[str, str]) -> dict[Key, str | None]:
    """Elements of the map that leads inside: floating -> fixed."""
    return {(public,): fixed for public, fixed in floating.items()}


def fixed_elements(floating: Mapping[str, str]) -> dict[Key, str | None]:
    """Elements of the map that leads outside: fixed -> its lowest floating IP."""
    ordered = sorted(floating, key=lambda one: int(ipaddress.ip_address(one)), reverse=True)
    return {(floating[public],): public for public in ordered}


def router_table(rules: RouterRules) -> Table:
    """The one table of a router namespace."""
    return Table(
        "inet",
        rules.owner,
        chains=[
            Chain("prerouting", [_TO_FIXED], Hook("nat", "prerouting", DSTNAT)),
            Chain("output", [_TO_FIXED], Hook("nat", "output", DSTNAT)),
            Chain("postrouting", _postrouting(rules), Hook("nat", "postrouting", SRCNAT)),
            Chain("forward", _forward(rules), Hook("filter", "forward", FILTER, "drop")),
            Chain("input", _input(rules), Hook("filter", "input", FILTER, "drop")),
        ],
        collections=[
            Collection(FLOATING, ["ipv4_addr"], floating_elements(rules.floating), "ipv4_addr"),
            Collection(FIXED, ["ipv4_addr"], fixed_elements(rules.floating), "ipv4_addr"),
            _prefixes("networks", rules.networks),
            _prefixes("unchanged", rules.unchanged),
        ],
    )


_TO_FIXED = f"dnat ip to ip daddr map @{FLOATING}"
_TO_FLOATING = f"snat ip to ip saddr map @{FIXED}"


def _prefixes(name: str, cidrs: Sequence[str]) -> Collection:
    merged = ipaddress.collapse_addresses(ipaddress.IPv4Network(cidr) for cidr in cidrs)
    elements: dict[Key, str | None] = {(address_key(str(one)),): None for one in merged}
    return Collection(name, ["ipv4_addr"], elements, interval=True)


def _postrouting(rules: RouterRules) -> list[str]:
    # An instance that calls its neighbour by floating IP must get the answer through here, so the
    # neighbour must not see the caller's own address.
    neighbour = f'oifname "{rules.inside}" ip saddr @networks ct status dnat'
    outside = f'oifname "{rules.outside}"'
    chain = [
        f"{neighbour} {_TO_FLOATING}",
        f"{neighbour} masquerade",
        f"{outside} ip daddr @unchanged accept",
        f"{outside} {_TO_FLOATING}",
    ]
    if rules.source:
        chain.append(f"{outside} ip saddr @networks snat ip to {rules.source}")
    return chain


def _forward(rules: RouterRules) -> list[str]:
    inside, outside = rules.inside, rules.outside
    return [
        "ct state invalid drop",
        "ct state established,related accept",
        f'iifname "{inside}" oifname "{outside}" ip saddr @networks accept',
        f'iifname "{inside}" oifname "{inside}" accept',
        f'iifname "{outside}" oifname "{inside}" ct status dnat accept',
    ]


def _input(rules: RouterRules) -> list[str]:
    inside = f'iifname "{rules.inside}"'
    return [
        "ct state invalid drop",
        "ct state established,related accept",
        'iifname "lo" accept',
        "meta l4proto { icmp, icmpv6 } accept",
        f"{inside} udp dport {{ 53, 67, 547 }} accept",
        f"{inside} tcp dport 53 accept",
        f"{inside} ip daddr {METADATA_ADDRESS} tcp dport 80 accept",
    ]
