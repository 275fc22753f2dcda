"""Who may do what: oslo.policy, asked once per request and never with an open transaction."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from oslo_config import cfg
from oslo_policy import policy

from netkit.context import RequestContext
from netkit.errors import Forbidden

_FRESH = 1.0
_REMEMBERED = 4096


class PolicyDenied(Forbidden):
    code = "policy_denied"
    template = "policy does not allow {value} with the roles {roles} in project {project}"


class Authorizer:
    """The enforcer with the ``rules`` of an application, and the operator's policy file over them.

    oslo.policy takes 0.1 ms for a decision, and a call needs up to three. So what was decided is
    remembered for a second: that long a change of the policy file may take to be heeded.

    Raises oslo_policy.policy.DuplicatePolicyError when two rules have one name.
    """

    def __init__(self, conf: cfg.ConfigOpts, rules: Iterable[policy.RuleDefault]) -> None:
        self._enforcer = policy.Enforcer(conf)
        self._enforcer.register_defaults(list(rules))
        self._enforcer.load_rules()
        self._decisions: dict[Any, bool] = {}
        self._since = time.monotonic()

    def check(self, context: RequestContext, action: str, target: Mapping[str, Any]) -> None:
        """Raises PolicyDenied when the rule ``action`` does not allow it.

        ``target`` has at least ``project_id``: whose object it is. A route is checked with the
        caller's own project; whether the object itself is there for the caller its handler
        asks (``context.sees``).
        """
        if not self.permits(context, action, target):
            raise PolicyDenied(
                field="rule",
                value=action,
                roles=", ".join(sorted(context.roles)) or "(none)",
                project=context.project_id or "(none)",
            )

    def allows(self, context: RequestContext, action: str) -> bool:
        """Whether the rule allows the caller's own project this."""
        return self.permits(context, action, {"project_id": context.project_id})

    def knows(self, action: str) -> bool:
        return action in self._enforcer.registered_rules

    def permits(self, context: RequestContext, action: str, target: Mapping[str, Any]) -> bool:
        """What ``check`` asks, as an answer."""
        key = (
            action,
            context.user_id,
            context.project_id,
            context.roles,
            context.service_roles,
            tuple(target.items()),
        )
        now = time.monotonic()
        if now - self._since > _FRESH or len(self._decisions) > _REMEMBERED:
            self._decisions = {}
            self._since = now
        # Of this variable, not of the attribute, which another thread may replace meanwhile.
        decisions = self._decisions
        if key not in decisions:
            decisions[key] = self._decide(context, action, target)
        return decisions[key]

    def _decide(self, context: RequestContext, action: str, target: Mapping[str, Any]) -> bool:
        credentials: dict[str, Any] = {
            "user_id": context.user_id,
            "roles": sorted(context.roles),
            "service_roles": sorted(context.service_roles),
        }
        if context.project_id is not None:
            # Without this, a token of no project would match a target of no project.
            credentials["project_id"] = context.project_id
        return bool(self._enforcer.enforce(action, dict(target), credentials))
