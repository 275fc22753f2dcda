"""Telling others what changes: notifications."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "events"

OPTS: list[cfg.Opt] = [
    cfg.ListOpt(
        "drivers",
        item_type=cfg.types.String(choices=["noop", "log", "messaging"]),
        default=["noop"],
        help="Where notifications of changes go; several drivers work side by side. noop: nowhere. "
        "log: one line each in this server's log. messaging: through oslo.messaging, to the "
        "broker of [oslo_messaging_notifications] transport_url or, without it, of transport_url.",
    ),
    cfg.StrOpt(
        "topic",
        default="melange.notifier",
        help="The topic of driver messaging. '.info' is put behind it: the queue to listen to is "
        "melange.notifier.info.",
    ),
    cfg.StrOpt(
        "publisher_id",
        help="What notifications say of who sent them. Unset: the name of this host.",
    ),
    cfg.IntOpt(
        "queue_size",
        default=10000,
        min=1,
        help="How many notifications wait in one process for a broker that is away or slow. "
        "Requests never wait: what is too much is dropped, logged and counted.",
    ),
]
