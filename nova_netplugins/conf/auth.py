"""Who may call net-api."""

from __future__ import annotations

from oslo_config import cfg

GROUP = None

OPTS: list[cfg.Opt] = [
    cfg.StrOpt(
        "auth_strategy",
        default="noauth",
        choices=[
            (
                "noauth",
                "every caller is believed: an administrator, or whoever the headers X-Project-Id, "
                "X-User-Id and X-Roles name. Only for an address that nobody else reaches",
            ),
            (
                "keystone",
                "every call needs a Keystone token, checked as [keystone_authtoken] says",
            ),
        ],
        help="How net-api establishes who calls it.",
    ),
]
