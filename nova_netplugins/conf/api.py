"""The net-api server."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "api"

OPTS: list[cfg.Opt] = [
    cfg.HostAddressOpt(
        "bind_host",
        default="127.0.0.1",
        help="The address that net-api listens on. The default is for this host only; 0.0.0.0 or "
        "[::] is for every network, and then auth_strategy should be keystone.",
    ),
    cfg.PortOpt(
        "bind_port",
        default=9797,
        help="The TCP port that net-api listens on; 0 takes a free one, which the log tells.",
    ),
    cfg.StrOpt(
        "unix_socket",
        help="A path: net-api listens on this Unix socket instead of a TCP port, for a web server "
        "on this host that forwards to it.",
    ),
    cfg.IntOpt(
        "threads",
        default=8,
        min=1,
        help="How many requests one net-api process handles at a time. Each may hold a database "
        "connection: keep max_pool_size plus max_overflow in [database] at least as large.",
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
        help="The most rows that one answer lists, and how many it lists when the client gives no "
        "limit; the rest is on the following pages.",
    ),
]
