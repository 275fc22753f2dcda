"""Tags of blocks, addresses and interfaces: short texts that somebody put on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import sqlalchemy as sa

from melange import errors
from melange.db.tables import tags
from melange.ipam.unit import Unit
from netkit.upsert import insert_or_get

BLOCK = "ip_block"
ADDRESS = "ip_address"
INTERFACE = "interface"

LONGEST = 60


def check(tag: str) -> str:
    """The tag without spaces around it. Raises Invalid."""
    tag = tag.strip()
    if not 0 < len(tag) <= LONGEST or not tag.isprintable() or "," in tag or "/" in tag:
        text = f"a tag has 1 to {LONGEST} characters that print, none of them a comma or a slash"
        raise errors.Invalid({"tag": text}, tag)
    return tag


def of(unit: Unit, resource: str, resource_id: str) -> list[str]:
    """In order."""
    return of_all(unit, resource, [resource_id])[resource_id]


# Made once: making a statement costs as much as asking.
_OF_ALL = (
    sa.select(tags.c.resource_id, tags.c.tag)
    .where(
        tags.c.resource == sa.bindparam("of_resource"),
        tags.c.resource_id.in_(sa.bindparam("ids", expanding=True)),
    )
    .order_by(tags.c.tag)
)


def of_all(unit: Unit, resource: str, ids: Iterable[str]) -> dict[str, list[str]]:
    """By id; [] for those without tags."""
    found: dict[str, list[str]] = defaultdict(list)
    about = {"of_resource": resource, "ids": list(ids)}
    for resource_id, tag in unit.connection.execute(_OF_ALL, about):
        found[resource_id].append(tag)
    return found


def give(unit: Unit, resource: str, resource_id: str, wanted: Iterable[str]) -> None:
    """To an object that is new. Raises Invalid."""
    for tag in sorted({check(tag) for tag in wanted}):
        add(unit, resource, resource_id, tag)


def add(unit: Unit, resource: str, resource_id: str, tag: str) -> None:
    """Repeatable. The caller has locked the object's row. Raises Invalid."""
    values = {"resource": resource, "resource_id": resource_id, "tag": check(tag)}
    insert_or_get(unit.connection, tags, ["resource", "resource_id", "tag"], values)


def remove(unit: Unit, resource: str, resource_id: str, tag: str) -> None:
    """Repeatable."""
    c = tags.c
    here = sa.and_(c.resource == resource, c.resource_id == resource_id, c.tag == tag.strip())
    unit.connection.execute(tags.delete().where(here))


def replace(unit: Unit, resource: str, resource_id: str, wanted: Iterable[str]) -> list[str]:
    """The tags from now on. The caller has locked the object's row. Raises Invalid."""
    checked = {check(tag) for tag in wanted}
    before = set(of(unit, resource, resource_id))
    for tag in before - checked:
        remove(unit, resource, resource_id, tag)
    for tag in sorted(checked - before):
        add(unit, resource, resource_id, tag)
    return sorted(checked)


def drop(unit: Unit, resource: str, ids: sa.Select[tuple[str]] | Iterable[str]) -> None:
    """All tags of objects that are going."""
    c = tags.c
    unit.connection.execute(tags.delete().where(c.resource == resource, c.resource_id.in_(ids)))


def having(
    resource: str, resource_id: sa.ColumnElement[str], wanted: str
) -> list[sa.ColumnElement[bool]]:
    """Conditions: the objects that have all the tags of a list with commas."""
    c = tags.c
    return [
        resource_id.in_(sa.select(c.resource_id).where(c.resource == resource, c.tag == tag))
        for tag in {text.strip() for text in wanted.split(",")}
        if tag
    ]
