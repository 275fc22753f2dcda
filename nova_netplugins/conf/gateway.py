"""How a network host meets the outside: one set of rules for the networks of all services on it."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "gateway"

OPTS: list[cfg.Opt] = [
    cfg.StrOpt(
        "public_interface",
        default="eth0",
        help="The interface of a network host towards the outside: source NAT and floating "
        "addresses are there. Empty: there is no outside.",
    ),
    cfg.StrOpt(
        "routing_source_ip",
        help="The source address of traffic to the outside from instances without a floating "
        "address. Unset: the address of public_interface.",
    ),
    cfg.ListOpt(
        "dmz_cidr",
        default=[],
        help="Destinations, as CIDRs, that see the fixed addresses of instances: no source NAT "
        "towards them.",
    ),
    cfg.StrOpt(
        "transit_range",
        default="100.64.0.0/16",
        help="The addresses of the links between a network host and the routers of its networks: "
        "two for each network, seen on that host only (RFC 6598).",
    ),
    cfg.BoolOpt(
        "send_arp_for_ha",
        default=True,
        help="Announce a floating address by gratuitous ARP when it is associated.",
    ),
    cfg.IntOpt(
        "send_arp_for_ha_count",
        default=3,
        min=1,
        max=100,
        help="How many gratuitous ARPs announce a floating address.",
    ),
    cfg.StrOpt(
        "metadata_host",
        default="$my_ip",
        help="The address of Nova's metadata service, which instances reach as 169.254.169.254.",
    ),
    cfg.PortOpt("metadata_port", default=8775, help="The port of Nova's metadata service."),
    cfg.StrOpt(
        "metadata_proxy_shared_secret",
        default="",
        secret=True,
        help="Signs the instance's id towards Nova's metadata service; the same as "
        "metadata_proxy_shared_secret in the group [neutron] of Nova's configuration.",
    ),
]
