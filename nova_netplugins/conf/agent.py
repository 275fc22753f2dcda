"""The net-agent daemon of a compute host."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "agent"

OPTS: list[cfg.Opt] = [
    cfg.FloatOpt(
        "sync_interval",
        min=0.2,
        help="""
Seconds between two full comparisons of this host with what net-api says. Between them the agent
acts at once on a tap that appears and on what net-api tells it through the message bus. Unset:
30, or 2 when no message bus reaches this process.
""",
    ),
    cfg.FloatOpt(
        "service_timeout",
        default=10,
        min=0.1,
        help="""
Seconds to wait for the net-service of a network when a virtual NIC is plugged, so that DHCP knows
the NIC before the instance asks. After that the NIC is plugged all the same: net-service also finds
out on its own.
""",
    ),
]
