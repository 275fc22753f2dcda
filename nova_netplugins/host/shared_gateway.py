"""A gateway that each host of a wire has, with one address and one MAC for all.

Where hosts share a network's address (nova-network's ``share_address``), an instance must find
its own host's router and no other: nothing of the router crosses the uplink of the network's
bridge, and no DHCP does. Only what is forwarded between ports is looked at: the host's own traffic
over the uplink, that of its DHCP client too, passes.
"""

from __future__ import annotations

from dataclasses import dataclass

from nova_netplugins.host.nft import Chain, Hook, Table, interface_key

# Before the bridge learns behind which port a MAC address is.
BEFORE_LEARNING = -300


@dataclass(frozen=True)
class SharedGateway:
    """``uplink``: the port of the bridge that leads to other hosts; ``address``: the router's IPv4
    address, None if it has none; ``mac``: of the router, as of those of the other hosts."""

    network_id: str
    uplink: str
    mac: str
    address: str | None


def table_name(network_id: str) -> str:
    """Each network has a table of its own, which goes with it."""
    return f"nova_netplugins_shared_{network_id[:11]}"


def shared_gateway_table(gateway: SharedGateway) -> Table:
    """The table of the bridge family that keeps the gateways of a wire apart."""
    uplink = interface_key(gateway.uplink)
    ways = [f"iifname {uplink}", f"oifname {uplink}"]
    return Table(
        "bridge",
        f"shared gateway {gateway.network_id}",
        chains=[
            Chain(
                "prerouting",
                [f"{ways[0]} ether saddr {gateway.mac} drop"],
                Hook("filter", "prerouting", BEFORE_LEARNING),
            ),
            Chain(
                "forward",
                [f"{way} {what} drop" for what in _kept_apart(gateway) for way in ways],
                Hook("filter", "forward", 0),
            ),
        ],
        name=table_name(gateway.network_id),
    )


def _kept_apart(gateway: SharedGateway) -> list[str]:
    kept = [
        f"ether saddr {gateway.mac}",
        f"ether daddr {gateway.mac}",
        "ether type ip udp dport { 67, 68 }",
    ]
    if gateway.address is not None:
        kept += [f"ether type arp arp {end} ip {gateway.address}" for end in ("saddr", "daddr")]
    return kept
