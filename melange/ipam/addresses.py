"""Addresses that have a row: allocated ones, and released ones in quarantine."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from melange import errors
from melange.db.tables import interfaces, ip_addresses
from melange.ipam import addressing
from melange.ipam.blocks import Block
from melange.ipam.unit import Unit
from netkit.rows import insert_all


@dataclass(frozen=True)
class Address:
    """A row of ``ip_addresses`` and what its interface says: ``vif_id`` (its own id, if it has no
    other name) and ``device_id``; both None without an interface.
    """

    id: str
    ip_block_id: str
    value: int
    version: int
    interface_id: str | None
    used_by_tenant_id: str | None
    deallocated_at: datetime.datetime | None
    quarantined_until: datetime.datetime | None
    holder_id: str | None
    floating: bool
    created_at: datetime.datetime
    updated_at: datetime.datetime
    vif_id: str | None = None
    device_id: str | None = None

    @property
    def address(self) -> str:
        return addressing.address_text(self.version, self.value)

    @property
    def allocated(self) -> bool:
        return self.deallocated_at is None


def select() -> sa.Select[Any]:
    """All addresses, with what their interfaces say."""
    i = interfaces.c
    joined = ip_addresses.outerjoin(interfaces, i.id == ip_addresses.c.interface_id)
    shown = sa.func.coalesce(i.vif_id, i.id).label("vif_id")
    return sa.select(ip_addresses, shown, i.device_id).select_from(joined)


def of_row(row: sa.Row[Any]) -> Address:
    return Address(**row._mapping)


def fetch(
    unit: Unit, query: sa.Select[Any], parameters: Mapping[str, Any] | None = None
) -> list[Address]:
    return [of_row(row) for row in unit.connection.execute(query, parameters)]


def find(unit: Unit, block: Block, value: int, *, lock: bool = False) -> Address | None:
    c = ip_addresses.c
    query = select().where(c.ip_block_id == block.id, c.value == value)
    if lock:
        query = query.with_for_update(of=ip_addresses)
    row = unit.connection.execute(query).one_or_none()
    return None if row is None else of_row(row)


def get(unit: Unit, block: Block, text: str, *, lock: bool = False) -> Address:
    """The address of the block, in any spelling. Raises IpAddressNotFound."""
    found = None
    try:
        version, value = addressing.parse_address(text)
    except ValueError:
        version, value = 0, 0
    if version == block.version:
        found = find(unit, block, value, lock=lock)
    if found is None:
        raise errors.IpAddressNotFound(text, field="address")
    return found


def get_by_id(unit: Unit, address_id: str, *, lock: bool = False) -> Address:
    """Raises IpAddressNotFound."""
    query = select().where(ip_addresses.c.id == address_id)
    if lock:
        query = query.with_for_update(of=ip_addresses)
    row = unit.connection.execute(query).one_or_none()
    if row is None:
        raise errors.IpAddressNotFound(address_id)
    return of_row(row)


def insert(unit: Unit, rows: Iterable[Mapping[str, Any]]) -> None:
    insert_all(unit.connection, ip_addresses, [dict(row) for row in rows])


_CHANGE = ip_addresses.update().where(ip_addresses.c.id == sa.bindparam("of_id"))


def change(unit: Unit, address: Address, **values: Any) -> Address:
    """As it is now. The caller has locked its row."""
    values = {"updated_at": unit.now, **values}
    unit.connection.execute(_CHANGE, {**values, "of_id": address.id})
    return replace(address, **values)
