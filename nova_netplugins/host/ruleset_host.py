"""The nftables table of a network host's root namespace, between the routers and the world.

It does not grow with networks or floating IPs: where a packet for a floating IP goes is a route,
and each router lets in only what a floating IP of its own brought. What is routed to a router is
therefore either for a floating IP or for a transit address, and the latter is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nova_netplugins.host.nft import Chain, Collection, Hook, Table, address_key, interface_key

ROUTERS = '"ux-*"'


@dataclass(frozen=True)
class HostRules:
    """``public_interface``: the link to the world, or None if there is none. ``transit``: the
    CIDR of all transit addresses. ``routing_source``: the address by which the world sees
    instances without a floating IP, None for the interface's own. ``unchanged``: CIDRs which
    instances reach by their fixed address, through whatever link leads there."""

    owner: str
    public_interface: str | None
    transit: str
    routing_source: str | None = None
    unchanged: Sequence[str] = ()


def host_table(rules: HostRules, floating_interfaces: Iterable[str] = ()) -> Table:
    """The one table of a network host's root namespace.

    ``floating_interfaces``: links beside the public one on which the host answers for floating
    IPs. Nothing else of instances leaves there.
    """
    unchanged = Collection(
        "unchanged",
        ["ipv4_addr"],
        {(address_key(cidr),): None for cidr in rules.unchanged},
        interval=True,
    )
    interfaces = Collection(
        "floating_interfaces",
        ["ifname"],
        {(interface_key(name),): None for name in floating_interfaces},
    )
    return Table(
        "inet",
        rules.owner,
        chains=[
            Chain("forward", _forward(rules), Hook("filter", "forward", 0)),
            Chain("input", _input(rules), Hook("filter", "input", 0)),
            Chain("postrouting", _postrouting(rules), Hook("nat", "postrouting", 100)),
        ],
        collections=[unchanged, interfaces],
    )


def _forward(rules: HostRules) -> list[str]:
    chain = [
        f"iifname {ROUTERS} ct state established,related accept",
        f"oifname {ROUTERS} ct state established,related accept",
        f"oifname {ROUTERS} ip daddr {rules.transit} drop",
        f"iifname {ROUTERS} oifname {ROUTERS} accept",
        f"iifname {ROUTERS} ip daddr @unchanged accept",
    ]
    if rules.public_interface:
        public = interface_key(rules.public_interface)
        chain += [
            f"iifname {ROUTERS} oifname {public} accept",
            f"iifname {public} oifname {ROUTERS} accept",
        ]
    return [
        *chain,
        f"iifname {ROUTERS} oifname @floating_interfaces ip saddr != {rules.transit} accept",
        f"iifname @floating_interfaces oifname {ROUTERS} accept",
        f"iifname {ROUTERS} drop",
        f"oifname {ROUTERS} drop",
    ]


def _input(rules: HostRules) -> list[str]:
    # The host's end of a transit link is a gateway, not a way to the host's services.
    return [f"iifname {ROUTERS} ip daddr {rules.transit} meta l4proto != icmp drop"]


def _postrouting(rules: HostRules) -> list[str]:
    action = f"snat ip to {rules.routing_source}" if rules.routing_source else "masquerade"
    source = f"ip saddr {rules.transit}"
    # A network that may not show its own addresses (another has the same) shows the link's.
    chain = [f"{source} ip daddr @unchanged masquerade"]
    # Instances of another network see the same source as the world does.
    links = [ROUTERS]
    if rules.public_interface:
        links.insert(0, f'"{rules.public_interface}"')
    return chain + [
        f"{source} ip daddr != {rules.transit} oifname {link} {action}" for link in links
    ]
