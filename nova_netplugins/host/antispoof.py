"""What an instance may send: only from the MAC and IP addresses that are its own.

One table of the bridge family, for all taps of a compute host. However many there are, a frame
costs the same few lookups; taps that are not in the table are not touched. It keeps no state.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nova_netplugins.host.nft import (
    TABLE,
    Chain,
    Collection,
    Hook,
    Key,
    Table,
    address_key,
    interface_key,
)

# Before the bridge decides anything about the frame.
PRIORITY = -300
LINK_LOCAL = ipaddress.IPv6Network("fe80::/64")


@dataclass(frozen=True)
class AllowedPair:
    """Another address (or CIDR) that a NIC may use; ``mac`` None means the NIC's own."""

    cidr: str
    mac: str | None = None


@dataclass(frozen=True)
class GuardedNic:
    """A virtual NIC: its tap, MAC and fixed addresses (IPv4 and IPv6, no prefix lengths).

    One without any address or pair is checked for its MAC only: its network is layer 2.
    """

    tap: str
    mac: str
    addresses: Sequence[str] = ()
    pairs: Sequence[AllowedPair] = ()


def link_local(mac: str) -> str:
    """The IPv6 link-local address that follows from a MAC address (RFC 4291, appendix A)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    interface_id = bytes([octets[0] ^ 2, *octets[1:3], 0xFF, 0xFE, *octets[3:]])
    return str(LINK_LOCAL[int.from_bytes(interface_id)])


def antispoof_table(
    nics: Iterable[GuardedNic], owner: str = "antispoof", name: str = TABLE
) -> Table:
    """The table for some NICs of a host: those of one owner, who gives it a name of its own."""
    guarded = list(nics)
    return Table(
        "bridge",
        owner,
        chains=[
            Chain(
                "prerouting",
                [f"iifname . ether saddr @{LAYER2} accept", "iifname @guarded jump check"],
                Hook("filter", "prerouting", PRIORITY),
            ),
            Chain("check", _CHECKS),
        ],
        collections=[
            Collection("guarded", ["ifname"], {(interface_key(nic.tap),): None for nic in guarded}),
            Collection("macs", _MAC, dict.fromkeys(_mac_keys(guarded))),
            Collection(LAYER2, _MAC, dict.fromkeys(_layer2_keys(guarded))),
            _address_collection("allowed4", 4, guarded),
            _address_collection("allowed6", 6, guarded),
        ],
        name=name,
    )


LAYER2 = "layer2"
_MAC = ("ifname", "ether_addr")
_CHECKS = [
    "iifname . ether saddr != @macs drop",
    # A NIC is no router and no DHCP server of its network, whatever its address.
    "icmpv6 type nd-router-advert drop",
    "udp sport 67 udp dport 68 drop",
    "udp sport 547 udp dport 546 drop",
    "ether type arp iifname . arp saddr ether . arp saddr ip @allowed4 accept",
    "ether type ip iifname . ether saddr . ip saddr @allowed4 accept",
    "ether type ip6 iifname . ether saddr . ip6 saddr @allowed6 accept",
    # Before it has an address: DHCP (RFC 2131), address conflict probes (RFC 5227), and duplicate
    # address detection and what goes with it (RFC 4862).
    "ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept",
    "ether type arp arp operation request arp saddr ip 0.0.0.0 accept",
    "ip6 saddr :: icmpv6 type { nd-neighbor-solicit, nd-router-solicit, mld2-listener-report }"
    " accept",
    "drop",
]


def _pairs(nic: GuardedNic) -> list[tuple[str, str]]:
    own = [(nic.mac, address) for address in nic.addresses]
    return own + [(pair.mac or nic.mac, pair.cidr) for pair in nic.pairs]


def _mac_keys(nics: Iterable[GuardedNic]) -> list[Key]:
    return [
        (interface_key(nic.tap), mac.lower())
        for nic in nics
        for mac in [nic.mac, *(mac for mac, _ in _pairs(nic))]
    ]


def _layer2_keys(nics: Iterable[GuardedNic]) -> list[Key]:
    return [(interface_key(nic.tap), nic.mac.lower()) for nic in nics if not _pairs(nic)]


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def allowed_sources(nic: GuardedNic) -> list[tuple[str, Network]]:
    """The MAC addresses in lower case with the addresses that the NIC may use with each, none
    within another. Empty for a NIC of a layer 2 network."""
    pairs = _pairs(nic)
    pairs += [(mac, link_local(mac)) for mac in {mac for mac, _ in pairs}]
    by_mac: dict[tuple[str, int], list[Network]] = {}
    for mac, cidr in pairs:
        network = ipaddress.ip_network(cidr, strict=False)
        by_mac.setdefault((mac.lower(), network.version), []).append(network)
    return [
        (mac, network)
        for (mac, _), networks in by_mac.items()
        # nft refuses entries that overlap.
        for network in ipaddress.collapse_addresses(networks)  # type: ignore[type-var]
    ]


def _address_collection(name: str, version: int, nics: Iterable[GuardedNic]) -> Collection:
    keys: list[Key] = [
        (interface_key(nic.tap), mac, address_key(str(network)))
        for nic in nics
        for mac, network in allowed_sources(nic)
        if network.version == version
    ]
    kind = "ipv4_addr" if version == 4 else "ipv6_addr"
    return Collection(name, ["ifname", "ether_addr", kind], dict.fromkeys(keys), interval=True)
