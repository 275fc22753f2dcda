"""Who may do what, unless the operator's policy file says otherwise.

An administrator may do everything. A tenant may do what is below ``/tenants/<its own id>/``; URLs
without a tenant are the administrators'.
"""

from __future__ import annotations

from collections.abc import Iterable

from oslo_policy import policy

from melange.api.row import Row
from melange.api.versions import VERSION

ADMIN = "rule:context_is_admin"
MEMBER = "rule:tenant_member"
READER = "rule:tenant_reader"
POOLS = "metrics:pools"

_OF_TENANT = "/tenants/{tenant_id}/"

_BASE = [
    policy.RuleDefault("context_is_admin", "role:admin", description="Who is an administrator."),
    policy.RuleDefault(
        "tenant_member",
        "rule:context_is_admin or (role:member and project_id:%(tenant_id)s)",
        description="Who changes what is below /tenants/{tenant_id}/. There is no tenant_id in "
        "other URLs, so that only administrators may use those.",
    ),
    policy.RuleDefault(
        "tenant_reader",
        "rule:context_is_admin or ((role:reader or role:member) and project_id:%(tenant_id)s)",
        description="Who sees what is below /tenants/{tenant_id}/.",
    ),
    policy.DocumentedRuleDefault(
        POOLS,
        ADMIN,
        "Read how full each IP block is, of all tenants, from the metrics.",
        [{"method": "GET", "path": "/metrics?pools=1"}],
    ),
]

_VERBS = {"list": "List", "show": "Show", "create": "Create", "update": "Change"}
_VERBS |= {"deliveries": "List deliveries of", "show_tenant": "Show a tenant's"}
_NOUNS = {
    "admin_webhooks": "webhooks of administrators",
    "audit": "audit records",
    "explanation": "why an address is available or is not",
    "holders": "holders of addresses",
    "instances": "interfaces of instances",
    "ip_octets": "unusable IP octets",
    "ip_ranges": "unusable IP ranges",
    "quota": "the quotas of one's own tenant",
}
_ACRONYMS = {"ip": "IP", "ips": "IPs", "mac": "MAC", "dhcp": "DHCP", "nat": "NAT"}


def list_rules() -> list[policy.RuleDefault]:
    """Every rule with its default, for ``oslopolicy-sample-generator``."""
    # The table imports every handler; the enforcer is given its rules by who has it already.
    from melange.api.routes import ROWS

    return rules_of(ROWS)


def rules_of(rows: Iterable[Row]) -> list[policy.RuleDefault]:
    """The base rules, and one for each rule name of the table: ``noun:action``."""
    by_rule: dict[str, list[Row]] = {}
    for row in rows:
        if row.rule is not None:
            by_rule.setdefault(row.rule, []).append(row)
    return [*_BASE, *(_rule(name, found) for name, found in by_rule.items())]


def _rule(name: str, rows: list[Row]) -> policy.RuleDefault:
    operations = [{"method": row.method, "path": f"/{VERSION}{row.path}"} for row in rows]
    return policy.DocumentedRuleDefault(name, _default(rows), _text(name), operations)


def _default(rows: list[Row]) -> str:
    for row in rows:
        if "{tenant_id}" in row.path and _OF_TENANT not in f"{row.path}/":
            # A variable of this name would let a tenant pass for the owner of the URL.
            return ADMIN
    if not any(_OF_TENANT in f"{row.path}/" for row in rows):
        return ADMIN
    return READER if all(row.method == "GET" for row in rows) else MEMBER


def _text(name: str) -> str:
    noun, _, action = name.partition(":")
    words = _NOUNS.get(noun) or " ".join(_ACRONYMS.get(word, word) for word in noun.split("_"))
    verb = _VERBS.get(action) or action.replace("_", " ").capitalize()
    return f"{verb} {words}."
