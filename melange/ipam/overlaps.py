"""Where a block may lie: public blocks never overlap, nor do those of one network (but a subnet of
it lies in its parent), nor siblings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from melange.db.tables import block_spaces, ip_blocks
from melange.ipam.addressing import Span
from melange.ipam.mistakes import Mistakes
from melange.ipam.unit import Unit
from netkit.upsert import insert_or_get

if TYPE_CHECKING:
    from melange.ipam.blocks import Block


class Place(NamedTuple):
    """Where a block is to be. ``own_id``: the block itself, if it is there already."""

    span: Span
    kind: str
    network_id: str | None
    parent: Block | None = None
    own_id: str | None = None


def tell(unit: Unit, wrong: Mistakes, place: Place) -> None:
    """Adds what speaks against the place. Rivals for it wait until this transaction ends."""
    if place.parent is not None:
        _of_subnet(unit, wrong, place, place.parent)
        if place.network_id is not None and place.parent.network_id is None:
            _of_network(unit, wrong, place, place.network_id)
        return
    if place.kind == "public":
        enter(unit, "public")
        c = ip_blocks.c
        found = _overlapping(unit, place, c.type == "public", c.parent_id.is_(None))
        if found is not None:
            wrong.add("cidr", f"cidr overlaps with public block {found}", place.span.cidr)
    if place.network_id is not None:
        _of_network(unit, wrong, place, place.network_id)


def _of_network(unit: Unit, wrong: Mistakes, place: Place, network_id: str) -> None:
    enter(unit, network_space(network_id))
    c, parents = ip_blocks.c, ip_blocks.alias("parents")
    if place.parent is None:
        top = (c.network_id == network_id, c.parent_id.is_(None))
        others = sa.select(c.id).where(*top, c.type != place.kind, c.id != (place.own_id or ""))
        if unit.connection.scalar(others.limit(1)) is not None:
            wrong.add("type", "type should be same within a network", place.kind)
    # Not those whose parent is of the network: what it covers is looked at already.
    covered = sa.exists().where(parents.c.id == c.parent_id, parents.c.network_id == network_id)
    found = _overlapping(unit, place, c.network_id == network_id, ~covered)
    if found is not None:
        wrong.add("cidr", f"cidr overlaps with block {found} in same network", place.span.cidr)


def _of_subnet(unit: Unit, wrong: Mistakes, place: Place, parent: Block) -> None:
    span = place.span
    if span.version != parent.version or not parent.first <= span.first <= span.last <= parent.last:
        wrong.add("cidr", "cidr should be within parent block's cidr", span.cidr)
    found = _overlapping(unit, place, ip_blocks.c.parent_id == parent.id)
    if found is not None:
        wrong.add("cidr", f"cidr overlaps with sibling {found}", span.cidr)
    if parent.network_id is not None and place.network_id != parent.network_id:
        wrong.add("network_id", "network_id should be same as that of parent", place.network_id)


def _overlapping(unit: Unit, place: Place, *where: sa.ColumnElement[bool]) -> str | None:
    """The CIDR of a block that overlaps. As those there don't overlap each other, the one that
    ends first at or after the place's start is the only one to look at; or, when that is the block
    itself, the next.
    """
    c = ip_blocks.c
    query = (
        sa.select(c.first, c.cidr)
        .where(*where, c.version == place.span.version, c.last >= place.span.first)
        .where(c.id != (place.own_id or ""))
        .order_by(c.last)
        .limit(1)
    )
    row = unit.connection.execute(query).one_or_none()
    return row.cidr if row is not None and row.first <= place.span.last else None


def network_space(network_id: str) -> str:
    """The name of the space of a network's blocks."""
    return f"network:{network_id}"


def enter(unit: Unit, name: str) -> None:
    """From here to the commit there are no rivals in the space of that name."""
    insert_or_get(unit.connection, block_spaces, ["name"], {"name": name})


def hold(unit: Unit, name: str) -> None:
    """As ``enter``, of a space that is not worth a row that stays: what is not committed yet keeps
    rivals waiting, also when it is gone by then.
    """
    enter(unit, name)
    unit.connection.execute(block_spaces.delete().where(block_spaces.c.name == name))
