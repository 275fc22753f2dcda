"""What generators propose, without what is known to be taken."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import sqlalchemy as sa

from melange.db.tables import ip_addresses
from melange.ipam import blocks
from melange.ipam.blocks import Block
from melange.ipam.unit import Unit

FIRST, LATER = 4, 256
"""How many proposals one query looks up: few first, as mostly the first one is free."""


def untaken(unit: Unit, block: Block, proposed: Iterator[int]) -> Iterator[int]:
    """Those that nobody has and nothing excludes. A rival may still be faster."""
    excluded = blocks.exclusions_of(unit, block)
    size = FIRST
    while values := list(itertools.islice(proposed, size)):
        known = _taken(unit, block, values)
        yield from (value for value in values if value not in known and excluded.why(value) is None)
        size = LATER


def _taken(unit: Unit, block: Block, values: list[int]) -> set[int]:
    c = ip_addresses.c
    resting = sa.or_(c.quarantined_until.is_(None), c.quarantined_until > unit.now)
    query = sa.select(c.value).where(c.ip_block_id == block.id, c.value.in_(values), resting)
    return set(unit.connection.scalars(query))
