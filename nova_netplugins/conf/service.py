"""The net-service daemon of a network host."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "service"

OPTS: list[cfg.Opt] = [
    cfg.FloatOpt(
        "sync_interval",
        min=0.2,
        help="""
Seconds between two full comparisons of this host with what net-api says. Between them the service
acts at once on what net-api and net-agents tell it through the message bus. Unset: 30, or 2 when no
message bus reaches this process.
""",
    ),
    cfg.IntOpt(
        "workers",
        default=4,
        min=1,
        max=64,
        help="How many networks may be brought up to date at the same time.",
    ),
]
