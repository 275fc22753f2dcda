"""Who may call Melange."""

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
                "every caller is believed: an administrator, or whoever the headers X-Project-Id "
                "(or X-Tenant) and X-Roles (or X-Role) name; a tenant without roles is its member. "
                "Only for an address that nobody else reaches",
            ),
            (
                "http_basic",
                "every call needs a user and password of the file in [http_basic]",
            ),
            (
                "keystone",
                "every call needs a Keystone token, checked as [keystone_authtoken] says",
            ),
        ],
        help="How Melange establishes who calls it.",
    ),
]
