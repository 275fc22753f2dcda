"""How much a tenant may have, unless a quota of its own says otherwise."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "quota"

OPTS: list[cfg.Opt] = [
    cfg.IntOpt(
        name,
        default=-1,
        min=-1,
        help=f"The most {what} that a tenant may have; -1: any number.",
    )
    for name, what in (
        ("ip_blocks", "IP blocks, subnets among them,"),
        ("ip_addresses", "allocated IP addresses"),
        ("interfaces", "interfaces"),
    )
]
