"""All that is wrong with the fields of a block, collected before it is refused."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from melange import errors
from melange.db.tables import policies
from melange.ipam import addressing, rules
from melange.ipam.addressing import Span
from melange.ipam.unit import Unit


class Mistakes:
    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}
        self._value: Any = None

    def add(self, field: str, text: str, value: Any = None) -> None:
        self._found.setdefault(field, []).append(text)
        self._value = self._value if self._value is not None else value

    def refuse(self) -> None:
        """Raises Invalid if anything is wrong."""
        if self._found:
            raise errors.Invalid(self._found, self._value)

    def of_cidr(self, text: Any) -> Span | None:
        try:
            return addressing.parse_cidr(str(text or ""))
        except ValueError:
            self.add("cidr", "cidr is invalid", text)
            return None

    def of_gateway(self, text: Any, span: Span | None) -> str | None:
        """The gateway, as it was spelt; it may lie outside of the block."""
        if not text:
            return None
        try:
            version, _ = addressing.parse_address(str(text))
        except ValueError:
            self.add("gateway", "Gateway is not a valid address", text)
            return None
        if span and version != span.version:
            self.add("gateway", f"Gateway is not an address of IPv{span.version}", text)
        return str(text).strip()

    def of_policy(self, unit: Unit, policy_id: str | None, tenant_id: str) -> rules.Rules | None:
        """The rules of a policy, which must be the tenant's."""
        if policy_id is None:
            return None
        c = policies.c
        query = sa.select(c.id).where(c.id == policy_id, c.tenant_id == tenant_id)
        # Shared with all who use the policy: nobody changes its rules until this is committed.
        if unit.connection.scalar(query.with_for_update(read=True)) is None:
            self.add("policy_id", f"Policy with id = '{policy_id}' doesn't exist", policy_id)
            return None
        return rules.of_policy(unit, policy_id)
