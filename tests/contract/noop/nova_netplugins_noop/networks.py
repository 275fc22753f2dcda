"""The networks of noop, which an option lists."""

from __future__ import annotations

from oslo_config import cfg

from nova_netplugins.plugin import Network

OPTS = [
    cfg.ListOpt(
        "networks",
        default=["nowhere"],
        help="The networks there are, by their ids. Nothing is connected to any of them.",
    )
]


def networks(options: cfg.GroupAttr) -> dict[str, Network]:
    """By id; the first is the one of an instance that asks for no other."""
    return {name: Network(name, label=name) for name in options.networks}
