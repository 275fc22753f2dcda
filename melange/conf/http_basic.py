"""Users of auth_strategy http_basic."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "http_basic"

OPTS: list[cfg.Opt] = [
    cfg.StrOpt(
        "user_file",
        default="/etc/melange/htpasswd",
        help="The users and their passwords: one 'user:hash' a line, the hash by bcrypt. "
        "'htpasswd -B -c /etc/melange/htpasswd ann' writes it. A change is seen at once.",
    ),
    cfg.DictOpt(
        "tenants",
        default={},
        help="The tenant of each user who belongs to one: 'ann:acme,bob:acme'. Such a user sees "
        "and changes only what is below /tenants/<that tenant>/. A user who is not named here "
        "belongs to no tenant.",
    ),
    cfg.DictOpt(
        "roles",
        default={},
        help="The roles of users, with spaces between: 'eve:reader,ops:admin'. A user who is not "
        "named here has the role member if tenants gives a tenant, and admin otherwise.",
    ),
    cfg.IntOpt(
        "cache_seconds",
        default=60,
        min=0,
        help="For how many seconds a password that was right is not checked again; bcrypt is slow "
        "on purpose. 0: it is checked at each call.",
    ),
]
