"""Addresses that an interface may answer for beside its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from melange import errors
from melange.db.tables import allowed_ips, ip_addresses, ip_blocks
from melange.identifiers import new_id
from melange.ipam import addresses, addressing, interfaces, searching, shapes
from melange.ipam.addresses import Address
from melange.ipam.interfaces import Interface
from melange.ipam.unit import Unit
from netkit.upsert import insert_or_get


def of_interface(unit: Unit, interface: Interface, filters: Mapping[str, Any]) -> list[Address]:
    """Its own allocated addresses, and those explicitly allowed on it; oldest first. ``filters``:
    of ``searching.narrowed``.
    """
    c = ip_addresses.c
    mine = sa.or_(c.interface_id == interface.id, c.id.in_(_allowed_ids(interface)))
    query = searching.narrowed(addresses.select().where(mine), filters)
    return addresses.fetch(unit, query.order_by(c.id))


def find(unit: Unit, interface: Interface, text: str) -> Address:
    """The one of them with that address, in any spelling. Raises AllowedIpNotFound."""
    found = None
    try:
        version, value = addressing.parse_address(text)
    except ValueError:
        pass
    else:
        c = ip_addresses.c
        mine = sa.or_(c.interface_id == interface.id, c.id.in_(_allowed_ids(interface)))
        query = addresses.select().where(c.value == value, c.version == version, mine)
        found = next(iter(addresses.fetch(unit, query.order_by(c.id).limit(1))), None)
    if found is None:
        raise errors.AllowedIpNotFound(text, interface.shown_id)
    return found


def address_in_network(unit: Unit, tenant_id: str, network_id: str, text: str) -> Address:
    """An allocated address of any block of the network, used by the tenant; locked.

    Raises NetworkNotFound, AddressNotInNetwork.
    """
    a, b = ip_addresses.c, ip_blocks.c
    here = sa.select(b.id).where(b.network_id == network_id)
    if unit.connection.scalar(here.limit(1)) is None:
        raise errors.NetworkNotFound(network_id)
    try:
        version, value = addressing.parse_address(text)
    except ValueError:
        raise errors.Invalid({"ip_address": f"{text} is not a valid address"}, text) from None
    query = addresses.select().where(
        a.ip_block_id.in_(here),
        a.value == value,
        a.version == version,
        a.used_by_tenant_id == tenant_id,
        a.deallocated_at.is_(None),
    )
    found = addresses.fetch(unit, query.order_by(a.id).with_for_update(of=ip_addresses))
    if not found:
        raise errors.AddressNotInNetwork(text, network_id)
    return found[0]


def allow(unit: Unit, interface: Interface, address: Address, network_id: str | None) -> None:
    """The caller has locked the address, which is of that network.

    Raises NotAllowedThere unless the interface is on that network, AlreadyAllowed.
    """
    if network_id is None or interfaces.network_of(unit, interface) != network_id:
        raise errors.NotAllowedThere(address.address, interface.shown_id)
    row = {
        "id": new_id(),
        "ip_address_id": address.id,
        "interface_id": interface.id,
        "created_at": unit.now,
        "updated_at": unit.now,
    }
    kept = insert_or_get(unit.connection, allowed_ips, ["ip_address_id", "interface_id"], row)
    if kept.id != row["id"]:
        raise errors.AlreadyAllowed(address.address, interface.shown_id)
    _tell(unit, "allow", interface, address)


def forbid(unit: Unit, interface: Interface, address: Address) -> None:
    """Undoes ``allow``; the interface's own address stays allowed. Repeatable."""
    c = allowed_ips.c
    here = (c.ip_address_id == address.id, c.interface_id == interface.id)
    if not unit.connection.execute(allowed_ips.delete().where(*here)).rowcount:
        return
    if address.interface_id != interface.id:
        a = ip_addresses.c
        held = (a.id == address.id, a.holder_id == interface.id)
        unit.connection.execute(ip_addresses.update().where(*held).values(holder_id=None))
    _tell(unit, "forbid", interface, address)


def _allowed_ids(interface: Interface) -> sa.Select[tuple[str]]:
    c = allowed_ips.c
    return sa.select(c.ip_address_id).where(c.interface_id == interface.id)


def _tell(unit: Unit, action: str, interface: Interface, address: Address) -> None:
    shown = shapes.ip_address(address) | {"allowed_interface_id": interface.shown_id}
    before, after = (None, shown) if action == "allow" else (shown, None)
    unit.record(action, "ip_address", address.id, address.used_by_tenant_id, before, after)
