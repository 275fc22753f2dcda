"""Telling others what changes: HTTP calls that tenants ask for."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "webhooks"

OPTS: list[cfg.Opt] = [
    cfg.IntOpt(
        "workers",
        default=2,
        min=0,
        help="How many webhooks one process calls at a time. 0: it calls none and leaves that to "
        "other servers of the same database.",
    ),
    cfg.BoolOpt(
        "allow_private_addresses",
        default=False,
        help="Whether a webhook may be at an address that is not a public one: private, loopback, "
        "link-local and the like. Whoever may make webhooks could then have this server call "
        "services that only it can reach.",
    ),
    cfg.IntOpt(
        "timeout",
        default=10,
        min=1,
        help="How many seconds a webhook has for its answer, from connecting to the last octet.",
    ),
    cfg.IntOpt(
        "give_up_hours",
        default=24,
        min=1,
        help="How long a delivery that fails is tried again, in hours.",
    ),
    cfg.IntOpt(
        "keep_days",
        default=7,
        min=1,
        help="How long deliveries can be looked at after they were made or given up, in days. The "
        "purge removes older ones.",
    ),
    cfg.IntOpt(
        "poll_interval",
        default=5,
        min=1,
        help="How often a process looks for deliveries that another process left to it, in "
        "seconds. It takes as long at most until a new webhook is known to all processes.",
    ),
]
