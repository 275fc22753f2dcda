"""MAC addresses: ranges that they are drawn from, and those that interfaces have."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from melange import errors
from melange.db.tables import POOLS, mac_address_ranges, mac_addresses
from melange.identifiers import new_id
from melange.ipam import eui, overlaps, shapes
from melange.ipam.unit import Unit
from netkit.db import Retry
from netkit.pool import NoSuchPool, PoolExhausted, Pools, State, ValueTaken
from netkit.upsert import insert_or_get

pools = Pools(POOLS)

CIDR_WIDTH = 20
"""Characters of the longest CIDR that is kept as it was spelt."""


@dataclass(frozen=True)
class MacRange:
    """A row of ``mac_address_ranges``. ``first`` and ``last``: integers, both of the range."""

    id: str
    cidr: str
    first: int
    last: int
    pool_id: int
    created_at: datetime.datetime
    updated_at: datetime.datetime


def create_range(unit: Unit, fields: Mapping[str, Any]) -> MacRange:
    """A range that overlaps no other. MAC addresses of it that interfaces have stay theirs.

    Raises Invalid.
    """
    text = str(fields.get("cidr") or "")
    first, last = eui.parse_span(text)
    overlaps.enter(unit, "mac_address_ranges")
    _refuse_overlap(unit, first, last)
    c = mac_addresses.c
    query = sa.select(c.address).where(c.address.between(first, last))
    used = list(unit.connection.scalars(query))
    found = MacRange(
        id=new_id(),
        cidr=text if len(text) <= CIDR_WIDTH else _canonical(first, last),
        first=first,
        last=last,
        pool_id=pools.create(unit.connection, first, last, excluded=[(mac, mac) for mac in used]),
        created_at=unit.now,
        updated_at=unit.now,
    )
    unit.connection.execute(mac_address_ranges.insert().values(dataclasses.asdict(found)))
    after = shapes.mac_address_range(found)
    unit.record("create", "mac_address_range", found.id, None, after=after)
    return found


# Made once, as all that is asked for each interface: making a statement costs as much as asking.
_RANGES = sa.select(mac_address_ranges).order_by(
    mac_address_ranges.c.created_at, mac_address_ranges.c.id
)
_CONTAINING = _RANGES.where(
    mac_address_ranges.c.first <= sa.bindparam("mac", type_=mac_address_ranges.c.first.type),
    mac_address_ranges.c.last >= sa.bindparam("mac", type_=mac_address_ranges.c.first.type),
)
_TAKEN = sa.select(mac_addresses.c.interface_id, mac_addresses.c.address).where(
    mac_addresses.c.interface_id.in_(sa.bindparam("ids", expanding=True))
)
_FREE = (
    mac_addresses.delete()
    .where(mac_addresses.c.interface_id == sa.bindparam("of_interface"))
    .returning(mac_addresses.c.address)
)


def ranges(
    unit: Unit, *, containing: int | None = None, span: tuple[int, int] | None = None
) -> list[MacRange]:
    """In the order in which they are drawn from; only those with that MAC address, or from the one
    to the other, if given.
    """
    c, query, about = mac_address_ranges.c, _RANGES, {}
    if containing is not None:
        query, about = _CONTAINING, {"mac": containing}
    if span is not None:
        query = query.where(c.first == span[0], c.last == span[1])
    return [MacRange(**row._mapping) for row in unit.connection.execute(query, about)]


def get_range(unit: Unit, range_id: str, *, lock: bool = False) -> MacRange:
    """Raises MacAddressRangeNotFound."""
    query = sa.select(mac_address_ranges).where(mac_address_ranges.c.id == range_id)
    row = unit.connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise errors.MacAddressRangeNotFound(range_id)
    return MacRange(**row._mapping)


def delete_range(unit: Unit, found: MacRange) -> None:
    """Interfaces keep the MAC addresses that they have of it. The caller has locked its row."""
    c = mac_address_ranges.c
    unit.connection.execute(mac_address_ranges.delete().where(c.id == found.id))
    pools.drop(unit.connection, found.pool_id)
    before = shapes.mac_address_range(found)
    unit.record("delete", "mac_address_range", found.id, None, before)


def assign(unit: Unit, interface_id: str, text: str | None) -> str | None:
    """The MAC address that an interface gets, as text: the given one, else one of a range; None
    when there are no ranges.

    Raises Invalid, MacTaken, NoMoreMacs.
    """
    if text:
        return _assign_given(unit, interface_id, text)
    found = ranges(unit)
    tries = unit.settings.mac_allocation_retries
    for one in found:
        while tries and (mac := _draw(unit, one)) is not None:
            # What is taken, by a given MAC address that was faster than the range, stays drawn.
            if _insert(unit, interface_id, mac):
                return eui.mac_text(mac)
            tries -= 1
    if found:
        raise errors.NoMoreMacs()
    return None


def free(unit: Unit, interface_id: str) -> str | None:
    """Takes its MAC address from an interface; others can have it at once. Returns it, as text;
    None: it had none.
    """
    mac = unit.connection.scalar(_FREE, {"of_interface": interface_id})
    if mac is None:
        return None
    for one in ranges(unit, containing=mac):
        try:
            if pools.explain(unit.connection, one.pool_id, mac).state is State.NOT_FREE:
                pools.release(unit.connection, one.pool_id, [mac])
        except NoSuchPool as gone:
            raise Retry(str(gone)) from gone
    return eui.mac_text(mac)


def of_interfaces(unit: Unit, ids: Iterable[str]) -> dict[str, str]:
    """By the interface's id, as text; those without are left out."""
    rows = unit.connection.execute(_TAKEN, {"ids": list(ids)})
    return {row.interface_id: eui.mac_text(row.address) for row in rows}


def of_interface(unit: Unit, interface_id: str) -> str | None:
    return of_interfaces(unit, [interface_id]).get(interface_id)


def _refuse_overlap(unit: Unit, first: int, last: int) -> None:
    c = mac_address_ranges.c
    query = sa.select(c.cidr).where(c.first <= last, c.last >= first).limit(1)
    other = unit.connection.scalar(query)
    if other is not None:
        raise errors.Invalid({"cidr": f"cidr overlaps with range {other}"}, other)


def _canonical(first: int, last: int) -> str:
    return f"{eui.mac_text(first)}/{eui.BITS - (last - first).bit_length()}"


def _assign_given(unit: Unit, interface_id: str, text: str) -> str:
    mac = eui.parse_mac(text)
    for inside in ranges(unit, containing=mac):
        try:
            pools.take(unit.connection, inside.pool_id, mac)
        except ValueTaken:
            # By an interface, as its row will tell; or by a range that was made meanwhile.
            pass
        except NoSuchPool as gone:
            raise Retry(str(gone)) from gone
    if not _insert(unit, interface_id, mac):
        raise errors.MacTaken(eui.mac_text(mac))
    return eui.mac_text(mac)


def _draw(unit: Unit, one: MacRange) -> int | None:
    try:
        return pools.draw(unit.connection, one.pool_id)[0]
    except PoolExhausted:
        return None
    except NoSuchPool as gone:
        raise Retry(str(gone)) from gone


def _insert(unit: Unit, interface_id: str, mac: int) -> bool:
    """Whether the MAC address is the interface's now; False: another's."""
    row = {
        "id": new_id(),
        "address": mac,
        "interface_id": interface_id,
        "created_at": unit.now,
        "updated_at": unit.now,
    }
    kept = insert_or_get(unit.connection, mac_addresses, ["address"], row)
    return bool(kept.interface_id == interface_id)
