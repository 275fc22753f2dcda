"""Shared addresses, as VRRP and its like have them: several interfaces may, one does answer."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from melange import errors
from melange.db.tables import allowed_ips, interfaces
from melange.ipam import addresses
from melange.ipam import interfaces as nics
from melange.ipam.addresses import Address
from melange.ipam.interfaces import Interface
from melange.ipam.unit import Unit


@dataclass(frozen=True)
class Holder:
    """``interface_id``: the vif id of the interface that answers for the address now; None: none
    has claimed it. ``previous``: the one before it.
    """

    address: str
    interface_id: str | None
    previous: str | None = None


def of(unit: Unit, address: Address) -> Holder:
    return Holder(address.address, _name(unit, address.holder_id))


def claim(unit: Unit, address: Address, interface: Interface) -> Holder:
    """From now on that interface answers for the address; the last to claim it wins.

    The caller has locked the address's row. Raises AddressLocked for a released address,
    NotAllowedHere unless it is the interface's own or allowed on it.
    """
    if not address.allocated:
        raise errors.AddressLocked(field="address", value=address.address)
    if address.interface_id != interface.id and not _is_allowed(unit, address, interface):
        raise errors.NotAllowedHere(address.address, interface.shown_id)
    return _set(unit, address, interface)


def resign(unit: Unit, address: Address) -> Holder:
    """From now on no interface answers for it. The caller has locked the address's row."""
    return _set(unit, address, None)


def _set(unit: Unit, address: Address, interface: Interface | None) -> Holder:
    previous = _name(unit, address.holder_id)
    shown = interface.shown_id if interface else None
    if (interface.id if interface else None) != address.holder_id:
        addresses.change(unit, address, holder_id=interface.id if interface else None)
        unit.record(
            "claim" if interface else "resign",
            "ip_address",
            address.id,
            address.used_by_tenant_id,
            {"address": address.address, "holder": previous},
            {"address": address.address, "holder": shown},
        )
    return Holder(address.address, shown, previous)


def _is_allowed(unit: Unit, address: Address, interface: Interface) -> bool:
    c = allowed_ips.c
    query = sa.select(c.id).where(c.ip_address_id == address.id, c.interface_id == interface.id)
    # Nobody forbids it before the commit.
    return unit.connection.scalar(query.with_for_update()) is not None


def _name(unit: Unit, interface_id: str | None) -> str | None:
    if interface_id is None:
        return None
    query = sa.select(interfaces).where(interfaces.c.id == interface_id)
    row = unit.connection.execute(query).one_or_none()
    return None if row is None else nics.of_row(row).shown_id
