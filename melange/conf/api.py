"""The REST server."""

from __future__ import annotations

import os

from oslo_config import cfg

GROUP = "api"

_CORES = len(os.sched_getaffinity(0))

OPTS: list[cfg.Opt] = [
    cfg.HostAddressOpt(
        "bind_host",
        default="127.0.0.1",
        help="The address that melange-api listens on. The default is for this host only, because "
        "without authentication whoever reaches it is an administrator; 0.0.0.0 or :: is for every "
        "network, and then auth_strategy should not be noauth.",
    ),
    cfg.PortOpt(
        "bind_port",
        default=9898,
        help="The TCP port that melange-api listens on; 0 takes a free one, which the first line "
        "of its output tells.",
    ),
    cfg.IntOpt(
        "workers",
        default=min(4, _CORES),
        min=1,
        sample_default="<the number of processor cores, 4 at most>",
        help="How many processes melange-api serves with. A worker that dies is replaced.",
    ),
    cfg.IntOpt(
        "threads",
        default=4,
        min=1,
        help="How many requests one worker handles at a time; more than a few wait for each other "
        "in Python and in the database, and all are slower. Each may hold a database "
        "connection: keep max_pool_size plus max_overflow in [database] at least as large, and "
        "the database's own limit of connections above workers times threads.",
    ),
    cfg.IntOpt(
        "shutdown_timeout",
        default=10,
        min=1,
        help="How long melange-api waits for requests that are being handled when it is told to "
        "end, in seconds. Workers that still run then are killed.",
    ),
    cfg.IntOpt(
        "max_request_body_size",
        default=1024 * 1024,
        min=1024,
        help="The largest request body that is read, in bytes; a larger one is answered with 413.",
    ),
    cfg.IntOpt(
        "max_limit",
        default=1000,
        min=1,
        help="The most rows that one answer lists, whatever limit the client gives. The rest is "
        "on the following pages.",
    ),
    cfg.IntOpt(
        "default_limit",
        default=200,
        min=1,
        help="How many rows an answer lists when the client gives no limit; max_limit at most.",
    ),
    cfg.StrOpt(
        "access_log",
        default="text",
        choices=[
            ("text", "key=value pairs, on the standard output stream"),
            ("json", "the same as one JSON object a line"),
            ("off", "no line"),
        ],
        help="What is written of each answered request: time, client, method, path, status, bytes, "
        "milliseconds, request id, user and tenant.",
    ),
]
