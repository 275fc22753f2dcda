"""Policies: what the blocks that follow one do not give out, and how they choose."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from melange import errors
from melange.db.tables import ip_blocks, policies
from melange.identifiers import new_id
from melange.ipam import blocks, generators, lists, rules, shapes
from melange.ipam.blocks import Block
from melange.ipam.lists import Window, equal
from melange.ipam.unit import Unit

_PLAIN = ("description", "keep_deallocated_ips_for_days")
_GENERATORS = ("ipv4_generator", "ipv6_generator")


@dataclass(frozen=True)
class Policy:
    """A row of ``policies``. None for the last three: what the configuration says."""

    id: str
    tenant_id: str
    name: str
    description: str | None
    keep_deallocated_ips_for_days: int | None
    ipv4_generator: str | None
    ipv6_generator: str | None
    created_at: datetime.datetime
    updated_at: datetime.datetime


def of_tenant(
    unit: Unit, tenant_id: str, filters: Mapping[str, Any], window: Window
) -> list[Policy]:
    """A page of them. ``filters``: name, ipv4_generator, ipv6_generator."""
    c = policies.c
    query = sa.select(policies).where(c.tenant_id == tenant_id)
    conditions = {name: equal(c[name]) for name in ("name", *_GENERATORS)}
    query = lists.narrowed(query, filters, conditions)
    rows = unit.connection.execute(window.of(query, c.id))
    return [Policy(**row._mapping) for row in rows]


def get(unit: Unit, policy_id: str, tenant_id: str) -> Policy:
    """Raises PolicyNotFound."""
    c = policies.c
    query = sa.select(policies).where(c.id == policy_id, c.tenant_id == tenant_id)
    row = unit.connection.execute(query).one_or_none()
    if row is None:
        raise errors.PolicyNotFound(policy_id)
    return Policy(**row._mapping)


def create(unit: Unit, tenant_id: str, fields: Mapping[str, Any]) -> Policy:
    """Raises Invalid."""
    values = _checked({"name": None, **fields})
    blank = dict.fromkeys((*_PLAIN, *_GENERATORS))
    policy = Policy(
        **{**blank, **values},
        id=new_id(),
        tenant_id=tenant_id,
        created_at=unit.now,
        updated_at=unit.now,
    )
    unit.connection.execute(policies.insert().values(dataclasses.asdict(policy)))
    unit.record("create", "policy", policy.id, tenant_id, after=shapes.policy(policy))
    return policy


def update(unit: Unit, policy: Policy, fields: Mapping[str, Any]) -> Policy:
    """What is not given stays. Blocks of the policy choose as it says from now on. Raises
    Invalid.
    """
    values = _checked(fields)
    if not values:
        return policy
    with reshaping(unit, policy):
        policy = get(unit, policy.id, policy.tenant_id)
        c = policies.c
        values["updated_at"] = unit.now
        unit.connection.execute(policies.update().where(c.id == policy.id).values(values))
    after = get(unit, policy.id, policy.tenant_id)
    shown = shapes.policy(policy), shapes.policy(after)
    unit.record("update", "policy", policy.id, policy.tenant_id, *shown)
    return after


def delete(unit: Unit, policy: Policy) -> None:
    """With its ranges and octets; its blocks are without a policy then."""
    for block in _lock(unit, policy):
        blocks.update(unit, block, {"policy_id": None})
    unit.connection.execute(policies.delete().where(policies.c.id == policy.id))
    unit.record("delete", "policy", policy.id, policy.tenant_id, before=shapes.policy(policy))


def lock(unit: Unit, policy_id: str, tenant_id: str) -> Policy:
    """As `get`; until the commit nobody else changes the policy, its rules, or its blocks."""
    _lock(unit, get(unit, policy_id, tenant_id))
    return get(unit, policy_id, tenant_id)


@contextlib.contextmanager
def reshaping(unit: Unit, policy: Policy) -> Iterator[None]:
    """Around a change of the policy or its rules: what its blocks have free follows at once."""
    found = _lock(unit, policy)
    old = rules.of_policy(unit, policy.id)
    before = [blocks.exclusions_under(block, old) for block in found]
    yield
    new = rules.of_policy(unit, policy.id)
    for block, excluded in zip(found, before, strict=True):
        blocks.reshape(unit, block, excluded, new)


def _lock(unit: Unit, policy: Policy) -> list[Block]:
    """The policy's blocks, all of them until the commit. Raises PolicyNotFound."""
    # Who gives a block a policy locks the block first and shares the policy then. So do we; a
    # block that came before we had the policy is seen by the second look.
    _lock_blocks(unit, policy)
    c = policies.c
    query = sa.select(c.id).where(c.id == policy.id).with_for_update(key_share=True)
    if unit.connection.scalar(query) is None:
        raise errors.PolicyNotFound(policy.id)
    return _lock_blocks(unit, policy)


def _lock_blocks(unit: Unit, policy: Policy) -> list[Block]:
    c = ip_blocks.c
    query = sa.select(ip_blocks).where(c.policy_id == policy.id).order_by(c.id)
    return [blocks.of_row(row) for row in unit.connection.execute(blocks.locking(query))]


def _checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the fields that were given. Raises Invalid."""
    wrong: dict[str, str] = {}
    found = {name: fields[name] for name in _PLAIN if name in fields}
    if "name" in fields:
        found["name"] = fields["name"]
        if not fields["name"]:
            wrong["name"] = "name should be present"
    for field in _GENERATORS:
        if field not in fields:
            continue
        found[field] = fields[field] or None
        if fields[field] and fields[field] not in generators.names():
            known = ", ".join(sorted(generators.names()))
            wrong[field] = f"{field} should be one among {known}"
    if wrong:
        raise errors.Invalid(wrong, fields.get(next(iter(wrong))))
    return found
