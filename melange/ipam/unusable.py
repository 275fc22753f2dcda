"""Ranges and octets of a policy: which addresses of its blocks nobody gets.

Changing them changes the policy's blocks in the same transaction (`policies.reshaping`).
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from melange import errors
from melange.db.tables import ip_octets, ip_ranges
from melange.identifiers import new_id
from melange.ipam import lists, policies, shapes
from melange.ipam.lists import Window, equal
from melange.ipam.policies import Policy
from melange.ipam.unit import Unit


@dataclass(frozen=True)
class IpRange:
    """The addresses of a block from ``offset`` on, ``length`` of them; a negative offset counts
    from the block's end.
    """

    id: str
    policy_id: str
    offset: int
    length: int
    created_at: datetime.datetime
    updated_at: datetime.datetime


@dataclass(frozen=True)
class IpOctet:
    """The addresses of a block with this last octet (IPv6: these last 16 bits)."""

    id: str
    policy_id: str
    octet: int
    created_at: datetime.datetime
    updated_at: datetime.datetime


R = TypeVar("R", IpRange, IpOctet)


@dataclass(frozen=True)
class Kind(Generic[R]):
    """What ranges and octets differ in, and what is done with either. ``numbers``: the fields that
    callers give, all integers of at most ``largest``, of either sign but for ``unsigned``.
    """

    noun: str
    table: sa.Table
    row: type[R]
    shape: Callable[[R], dict[str, Any]]
    missing: type[errors.ModelNotFound]
    numbers: tuple[str, ...]
    largest: int
    unsigned: str | None = None

    def page(
        self, unit: Unit, policy: Policy, filters: Mapping[str, Any], window: Window
    ) -> list[R]:
        """``filters``: the numbers."""
        c = self.table.c
        query = sa.select(self.table).where(c.policy_id == policy.id)
        query = lists.narrowed(query, filters, {name: equal(c[name]) for name in self.numbers})
        rows = unit.connection.execute(window.of(query, c.id))
        return [self.row(**row._mapping) for row in rows]

    def get(self, unit: Unit, policy: Policy, row_id: str, *, lock: bool = False) -> R:
        """Who wants it locked has locked the policy. Raises IpRangeNotFound or IpOctetNotFound."""
        c = self.table.c
        query = sa.select(self.table).where(c.id == row_id, c.policy_id == policy.id)
        row = unit.connection.execute(query).one_or_none()
        if row is None:
            raise self.missing(row_id)
        return self.row(**row._mapping)

    def create(self, unit: Unit, policy: Policy, fields: Mapping[str, Any]) -> R:
        """Raises Invalid."""
        values = _checked(self, {**dict.fromkeys(self.numbers), **fields})
        made = self.row(
            id=new_id(), policy_id=policy.id, created_at=unit.now, updated_at=unit.now, **values
        )
        with policies.reshaping(unit, policy):
            unit.connection.execute(self.table.insert().values(dataclasses.asdict(made)))
        unit.record("create", self.noun, made.id, policy.tenant_id, after=self.shape(made))
        return made

    def update(self, unit: Unit, policy: Policy, found: R, fields: Mapping[str, Any]) -> R:
        """What is not given stays. The caller has locked the policy. Raises Invalid."""
        values: dict[str, Any] = dict(_checked(self, fields))
        if not values:
            return found
        after = dataclasses.replace(found, **values, updated_at=unit.now)
        with policies.reshaping(unit, policy):
            here = self.table.c.id == found.id
            changed = self.table.update().where(here).values(dataclasses.asdict(after))
            unit.connection.execute(changed)
        shown = self.shape(found), self.shape(after)
        unit.record("update", self.noun, found.id, policy.tenant_id, *shown)
        return after

    def delete(self, unit: Unit, policy: Policy, found: R) -> None:
        """The caller has locked the policy."""
        with policies.reshaping(unit, policy):
            unit.connection.execute(self.table.delete().where(self.table.c.id == found.id))
        unit.record("delete", self.noun, found.id, policy.tenant_id, before=self.shape(found))


RANGES: Kind[IpRange] = Kind(
    "ip_range",
    ip_ranges,
    IpRange,
    shapes.ip_range,
    errors.IpRangeNotFound,
    ("offset", "length"),
    largest=2**128,
    unsigned="length",
)
OCTETS: Kind[IpOctet] = Kind(
    "ip_octet",
    ip_octets,
    IpOctet,
    shapes.ip_octet,
    errors.IpOctetNotFound,
    ("octet",),
    largest=2**31 - 1,
)


def _checked(kind: Kind[R], fields: Mapping[str, Any]) -> dict[str, int]:
    """Those of the numbers that were given, from texts, floats and booleans too. Raises Invalid."""
    wrong: dict[str, list[str]] = {}
    found: dict[str, int] = {}
    for name in kind.numbers:
        if name not in fields:
            continue
        value = _integer(fields[name])
        told = [] if value is not None else [f"{name} should be of type integer"]
        if name == kind.unsigned and (value is None or value < 0):
            told.append(f"{name} should be a positive integer")
        if value is not None and abs(value) > kind.largest:
            told.append(f"{name} should be from {-kind.largest} to {kind.largest}")
        if told:
            wrong[name] = told
        found[name] = value or 0
    if wrong:
        raise errors.Invalid(wrong, fields[next(iter(wrong))])
    return found


def _integer(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None
