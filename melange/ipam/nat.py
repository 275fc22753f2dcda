"""Static NAT: which inside local addresses go with which inside global ones.

One relation, seen from either side; any address may have any number of the other kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import sqlalchemy as sa

from melange import errors
from melange.db.tables import ip_addresses, ip_nats
from melange.identifiers import new_id
from melange.ipam import addresses, addressing, blocks
from melange.ipam.addresses import Address
from melange.ipam.unit import Unit
from netkit.upsert import insert_or_get


class Side(Enum):
    """Which of an address's counterparts are meant: column of its own id, column of theirs."""

    GLOBALS = ("inside_local_address_id", "inside_global_address_id")
    LOCALS = ("inside_global_address_id", "inside_local_address_id")

    @property
    def own(self) -> str:
        return self.value[0]

    @property
    def theirs(self) -> str:
        return self.value[1]

    @property
    def noun(self) -> str:
        return f"inside_{self.name.lower()}"


def linked(address: Address, side: Side) -> sa.Select[Any]:
    """Its counterparts: a query of ``addresses.select``."""
    c = ip_nats.c
    theirs = sa.select(c[side.theirs]).where(c[side.own] == address.id)
    return addresses.select().where(ip_addresses.c.id.in_(theirs))


def lock_links(unit: Unit, address: Address, side: Side) -> None:
    """Until the commit nobody removes any of the links that the address has on that side."""
    c = ip_nats.c
    query = sa.select(c.id).where(c[side.own] == address.id).order_by(c.id)
    unit.connection.execute(query.with_for_update()).all()


def link(unit: Unit, address: Address, others: Sequence[Address], side: Side) -> None:
    """Repeatable. The caller has locked all of the addresses. Raises AddressLocked for one that is
    released.
    """
    for one in (address, *others):
        if not one.allocated:
            raise errors.AddressLocked(field="ip_address", value=one.address)
    for other in others:
        values = {
            "id": new_id(),
            side.own: address.id,
            side.theirs: other.id,
            "created_at": unit.now,
            "updated_at": unit.now,
        }
        insert_or_get(unit.connection, ip_nats, Side.GLOBALS.value, values)
    _tell(unit, "associate", address, side, others)


def unlink(unit: Unit, address: Address, side: Side, other: str | None = None) -> None:
    """From all counterparts or, given an address in any spelling, from those that have it.
    Repeatable.
    """
    found = [
        one
        for one in addresses.fetch(unit, linked(address, side))
        if other is None or _is(one, other)
    ]
    if found:
        c = ip_nats.c
        here = sa.and_(c[side.own] == address.id, c[side.theirs].in_([one.id for one in found]))
        unit.connection.execute(ip_nats.delete().where(here))
        _tell(unit, "disassociate", address, side, found)


def resolve(unit: Unit, tenant_id: str, references: Sequence[Mapping[str, Any]]) -> list[Address]:
    """The addresses, locked, of ``{"ip_block_id", "ip_address"}`` with blocks of the tenant.

    Raises Invalid, IpBlockNotFound, IpAddressNotFound.
    """
    found = []
    for reference in references:
        wrong = {
            name: f"{name} should be present"
            for name in ("ip_block_id", "ip_address")
            if not reference.get(name)
        }
        if wrong:
            raise errors.Invalid(wrong)
        block = blocks.get(unit, reference["ip_block_id"], tenant_id)
        found.append(addresses.get(unit, block, reference["ip_address"], lock=True))
    return found


def _is(address: Address, text: str) -> bool:
    try:
        return addressing.parse_address(text) == (address.version, address.value)
    except ValueError:
        return False


def _tell(unit: Unit, action: str, address: Address, side: Side, others: Sequence[Address]) -> None:
    told = {
        "address": address.address,
        "ip_block_id": address.ip_block_id,
        side.noun: [
            {"ip_block_id": other.ip_block_id, "ip_address": other.address} for other in others
        ],
    }
    before, after = (None, told) if action == "associate" else (told, None)
    unit.record(action, "ip_address", address.id, address.used_by_tenant_id, before, after)
