"""DHCP options of a block, for whoever runs its DHCP server: a number and a value each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exc

from melange import errors
from melange.db.tables import dhcp_options, ip_blocks
from melange.identifiers import new_id
from melange.ipam import dhcp_names, lists, shapes
from melange.ipam.blocks import Block
from melange.ipam.lists import Window, equal
from melange.ipam.unit import Unit


@dataclass(frozen=True)
class DhcpOption:
    """``name``: None for a number that has none in `dhcp_names`."""

    id: str
    ip_block_id: str
    number: int
    name: str | None
    value: str


def of_block(unit: Unit, block_id: str) -> list[DhcpOption]:
    """In the order of their numbers."""
    return [_of_row(row) for row in unit.connection.execute(_ALL, {"of_block": block_id})]


def page(unit: Unit, block: Block, filters: Mapping[str, Any], window: Window) -> list[DhcpOption]:
    """In the order of their numbers. ``filters``: number, name."""
    c, last = dhcp_options.c, dhcp_options.alias("last")

    def named(name: str) -> list[sa.ColumnElement[bool]]:
        number = dhcp_names.number_of(block.version, name)
        return [sa.false() if number is None else c.number == number]

    conditions = {"number": equal(c.number), "name": named}
    query = lists.narrowed(_of_block(block.id), filters, conditions)
    if window.marker is not None:
        before = sa.select(last.c.number).where(last.c.id == window.marker)
        query = query.where(c.number > before.scalar_subquery())
    query = query.order_by(c.number).limit(window.limit + 1)
    return [_of_row(row) for row in unit.connection.execute(query)]


def get(unit: Unit, block: Block, option_id: str, *, lock: bool = False) -> DhcpOption:
    """Raises DhcpOptionNotFound."""
    query = _of_block(block.id).where(dhcp_options.c.id == option_id)
    if lock:
        query = query.with_for_update(of=dhcp_options)
    row = unit.connection.execute(query).one_or_none()
    if row is None:
        raise errors.DhcpOptionNotFound(option_id)
    return _of_row(row)


def create(unit: Unit, block: Block, fields: Mapping[str, Any]) -> DhcpOption:
    """``number`` or ``name``, and ``value``. Raises Invalid, DhcpOptionTaken."""
    number = _number(block, fields)
    value = _value(block, number, fields.get("value"))
    name = dhcp_names.name_of(block.version, number)
    option = DhcpOption(new_id(), block.id, number, name, value)
    row = {
        "id": option.id,
        "ip_block_id": block.id,
        "number": number,
        "value": value,
        "created_at": unit.now,
        "updated_at": unit.now,
    }
    try:
        unit.connection.execute(dhcp_options.insert().values(row))
    except db_exc.DBDuplicateEntry as twice:
        raise errors.DhcpOptionTaken(field="number", value=number) from twice
    after = shapes.dhcp_option(option)
    unit.record("create", "dhcp_option", option.id, block.tenant_id, after=after)
    return option


def update(unit: Unit, block: Block, option: DhcpOption, fields: Mapping[str, Any]) -> DhcpOption:
    """Changes the value; the number stays. The caller has locked the row. Raises Invalid."""
    if "number" in fields or "name" in fields:
        number = _number(block, fields)
        if number != option.number:
            text = f"number is {option.number} for good: make another option of {number}"
            raise errors.Invalid({"number": text}, number)
    if "value" not in fields:
        return option
    value = _value(block, option.number, fields["value"])
    after = DhcpOption(option.id, block.id, option.number, option.name, value)
    here = dhcp_options.c.id == option.id
    values = {"value": value, "updated_at": unit.now}
    unit.connection.execute(dhcp_options.update().where(here).values(values))
    shown = shapes.dhcp_option(option), shapes.dhcp_option(after)
    unit.record("update", "dhcp_option", option.id, block.tenant_id, *shown)
    return after


def delete(unit: Unit, block: Block, option: DhcpOption) -> None:
    """The caller has locked the row."""
    unit.connection.execute(dhcp_options.delete().where(dhcp_options.c.id == option.id))
    before = shapes.dhcp_option(option)
    unit.record("delete", "dhcp_option", option.id, block.tenant_id, before=before)


def _of_block(block_id: str | sa.BindParameter[str]) -> sa.Select[Any]:
    joined = dhcp_options.join(ip_blocks, ip_blocks.c.id == dhcp_options.c.ip_block_id)
    found = sa.select(dhcp_options, ip_blocks.c.version).select_from(joined)
    return found.where(dhcp_options.c.ip_block_id == block_id)


_ALL = _of_block(sa.bindparam("of_block")).order_by(dhcp_options.c.number)


def _of_row(row: sa.Row[Any]) -> DhcpOption:
    name = dhcp_names.name_of(row.version, row.number)
    return DhcpOption(row.id, row.ip_block_id, row.number, name, row.value)


def _number(block: Block, fields: Mapping[str, Any]) -> int:
    """By number, by name, or by both if they agree."""
    number, name = fields.get("number"), fields.get("name")
    largest = dhcp_names.LARGEST[block.version]
    if number is None and not name:
        raise errors.Invalid({"number": "number or name should be present"})
    if number is not None and not 1 <= number <= largest:
        raise errors.Invalid({"number": f"number should be from 1 to {largest}"}, number)
    if name:
        named = dhcp_names.number_of(block.version, name)
        if named is None:
            text = f"name is none of DHCPv{block.version} that is known here: give the number"
            raise errors.Invalid({"name": text}, name)
        if number not in (None, named):
            raise errors.Invalid({"number": f"number of {name} should be {named}"}, number)
        return named
    return int(str(number))


def _value(block: Block, number: int, value: Any) -> str:
    if value is None or value == "":
        raise errors.Invalid({"value": "value should be present"})
    try:
        return dhcp_names.reader_of(block.version, number)(str(value))
    except ValueError as wanted:
        raise errors.Invalid({"value": f"value should be {wanted}"}, value) from None
