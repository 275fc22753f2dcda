"""What a policy says of the blocks that follow it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from melange.db.tables import ip_blocks, ip_octets, ip_ranges, policies
from melange.ipam.unit import Unit

SEQUENTIAL = "sequential"

# How addresses of a block are chosen (``ip_blocks.drawing``).
DEFAULT = "default"
"""As the configuration says for the block's IP version."""
LOWEST = "lowest"
"""Lowest free first."""
PICKY = "picky"
"""A generator that the policy names, or octets: each candidate has to be looked at."""


@dataclass(frozen=True)
class Rules:
    """None: what the configuration says."""

    ranges: tuple[tuple[int, int], ...]
    octets: frozenset[int]
    keep_deallocated_ips_for_days: int | None
    ipv4_generator: str | None
    ipv6_generator: str | None

    def generator(self, version: int) -> str | None:
        return self.ipv4_generator if version == 4 else self.ipv6_generator


def of_policy(unit: Unit, policy_id: str | None) -> Rules | None:
    """The rules of a policy; None for none."""
    if policy_id is None:
        return None
    p, r, o = policies.c, ip_ranges.c, ip_octets.c
    policy = _one(unit, sa.select(policies).where(p.id == policy_id))
    if policy is None:
        return None
    query = sa.select(r.offset, r.length).where(r.policy_id == policy_id).order_by(r.id)
    ranges = unit.connection.execute(query)
    octets = unit.connection.scalars(sa.select(o.octet).where(o.policy_id == policy_id))
    return Rules(
        ranges=tuple((offset, length) for offset, length in ranges),
        octets=frozenset(octets),
        keep_deallocated_ips_for_days=policy.keep_deallocated_ips_for_days,
        ipv4_generator=policy.ipv4_generator,
        ipv6_generator=policy.ipv6_generator,
    )


_OCTETS = (
    sa.select(ip_octets.c.octet)
    .join(ip_blocks, ip_blocks.c.policy_id == ip_octets.c.policy_id)
    .where(ip_blocks.c.id == sa.bindparam("of_block"))
)


def octets_of_block(unit: Unit, block_id: str) -> set[int]:
    """Those of the policy that the block follows at this moment."""
    return set(unit.connection.scalars(_OCTETS, {"of_block": block_id}))


def drawing(rules: Rules | None, version: int) -> str:
    """How addresses of a block with these rules are chosen."""
    named = rules.generator(version) if rules else None
    if (rules and rules.octets) or named not in (None, SEQUENTIAL):
        return PICKY
    return LOWEST if named else DEFAULT


def _one(unit: Unit, query: sa.Select[Any]) -> sa.Row[Any] | None:
    return unit.connection.execute(query).one_or_none()
