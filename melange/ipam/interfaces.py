"""Interfaces: what addresses are given to."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from melange import errors
from melange.db.tables import interfaces, ip_addresses, ip_blocks
from melange.identifiers import new_id
from melange.ipam import addresses, blocks, macs, quarantine, quotas, shapes, tags
from melange.ipam.blocks import Block
from melange.ipam.unit import Unit
from netkit.upsert import insert_or_get

LONGEST = 255
"""Characters of the id that an interface's maker gives it."""


@dataclass(frozen=True)
class Interface:
    """A row of ``interfaces``. ``vif_id``: the name its maker gave it."""

    id: str
    vif_id: str | None
    tenant_id: str
    anonymous_tenant: str | None
    device_id: str | None
    created_at: datetime.datetime
    updated_at: datetime.datetime

    @property
    def shown_id(self) -> str:
        return self.vif_id or self.id


def of_row(row: sa.Row[Any]) -> Interface:
    return Interface(**row._mapping)


# Made once, as all that is asked for each address: making a statement costs as much as asking.
_NAMED = (
    sa.select(interfaces).where(interfaces.c.vif_id == sa.bindparam("named")),
    sa.select(interfaces).where(
        interfaces.c.id == sa.bindparam("named"), interfaces.c.vif_id.is_(None)
    ),
)
_LOCKED = tuple(query.with_for_update() for query in _NAMED)


def find(
    unit: Unit, vif_id: str, tenant_id: str | None = None, *, lock: bool = False
) -> Interface | None:
    """By the id that its maker gave it or, where it has none, by its own; of any tenant if none is
    given. ``lock``: until the commit nobody else changes it.
    """
    for query in _LOCKED if lock else _NAMED:
        row = unit.connection.execute(query, {"named": vif_id}).one_or_none()
        if row is not None:
            return of_row(row) if tenant_id in (None, row.tenant_id) else None
    return None


def get(unit: Unit, vif_id: str, tenant_id: str | None = None, *, lock: bool = False) -> Interface:
    """Raises InterfaceNotFound."""
    found = find(unit, vif_id, tenant_id, lock=lock)
    if found is None:
        raise errors.InterfaceNotFound(vif_id)
    return found


def anonymous(unit: Unit, tenant_id: str) -> Interface:
    """The one interface of a tenant for addresses that are asked for without naming one.

    It counts for no quota. A new one gets a MAC address if there are ranges.
    """
    c = interfaces.c
    query = sa.select(interfaces).where(c.anonymous_tenant == tenant_id)
    row = unit.connection.execute(query).one_or_none()
    if row is None:
        values = _values(unit, None, tenant_id, None) | {"anonymous_tenant": tenant_id}
        row = insert_or_get(unit.connection, interfaces, ["anonymous_tenant"], values)
        if row.id == values["id"]:
            _finish(unit, of_row(row), None)
    return of_row(row)


def ensure(
    unit: Unit,
    vif_id: str | None,
    tenant_id: str,
    device_id: str | None = None,
    mac_address: str | None = None,
) -> Interface:
    """The tenant's interface of that id, which is locked, made with the device and the MAC address
    if there is none; without an id, its nameless one.

    Raises Invalid when another tenant has one of that id, and what ``create`` does.
    """
    if not vif_id:
        return anonymous(unit, tenant_id)
    found = find(unit, vif_id, lock=True)
    if found is None:
        found, _ = _make(unit, vif_id, tenant_id, device_id, mac_address)
    if found.tenant_id != tenant_id:
        raise _taken(vif_id)
    return found


def create(
    unit: Unit, vif_id: str | None, tenant_id: str, device_id: str | None, mac_address: str | None
) -> Interface:
    """A new one, with the given MAC address or, if there are ranges, one of them.

    Raises Invalid when there is one of that id, MacTaken, NoMoreMacs, OverQuota.
    """
    if vif_id and find(unit, vif_id) is not None:
        raise _taken(vif_id)
    found, is_new = _make(unit, vif_id or new_id(), tenant_id, device_id, mac_address)
    if not is_new:
        raise _taken(found.shown_id)
    return found


def change_device(unit: Unit, interface: Interface, device_id: str | None) -> Interface:
    """Moves it to another device; None: to none. The caller has locked it."""
    c = interfaces.c
    values = {"device_id": device_id, "updated_at": unit.now}
    unit.connection.execute(interfaces.update().where(c.id == interface.id).values(values))
    changed = get(unit, interface.shown_id)
    mac = macs.of_interface(unit, interface.id)
    before, after = shapes.interface(interface, mac, []), shapes.interface(changed, mac, [])
    unit.record("update", "interface", interface.shown_id, interface.tenant_id, before, after)
    return changed


_HELD = (
    addresses.select()
    .where(ip_addresses.c.interface_id == sa.bindparam("of_interface"))
    .order_by(ip_addresses.c.id)
    .with_for_update(of=ip_addresses)
)
_DELETE = interfaces.delete().where(interfaces.c.id == sa.bindparam("of_id"))


def delete(unit: Unit, interface: Interface) -> None:
    """Frees its MAC address and releases its addresses. The caller has locked it."""
    before = shapes.interface(interface, macs.free(unit, interface.id), [])
    for address in addresses.fetch(unit, _HELD, {"of_interface": interface.id}):
        quarantine.release(unit, blocks.get(unit, address.ip_block_id), address)
    tags.drop(unit, tags.INTERFACE, [interface.id])
    unit.connection.execute(_DELETE, {"of_id": interface.id})
    unit.record("delete", "interface", interface.shown_id, interface.tenant_id, before)


_NETWORK = (
    sa.select(ip_blocks.c.network_id)
    .join(ip_addresses, ip_addresses.c.ip_block_id == ip_blocks.c.id)
    .where(
        ip_addresses.c.interface_id == sa.bindparam("of_interface"),
        ip_blocks.c.network_id.is_not(None),
        ~ip_addresses.c.floating,
    )
    .limit(1)
)


def network_of(unit: Unit, interface: Interface) -> str | None:
    """The network of its addresses; None: it has none of any network."""
    found: str | None = unit.connection.scalar(_NETWORK, {"of_interface": interface.id})
    return found


def require_network(unit: Unit, interface: Interface, block: Block) -> None:
    """Raises InterfaceElsewhere when it has addresses of another network than the block's.

    A tenant's nameless interface is on every network; a block of no network is on each.
    """
    if interface.anonymous_tenant is not None or block.network_id is None:
        return
    if network_of(unit, interface) not in (None, block.network_id):
        raise errors.InterfaceElsewhere(interface.shown_id)


def _make(
    unit: Unit, vif_id: str, tenant_id: str, device_id: str | None, mac_address: str | None
) -> tuple[Interface, bool]:
    """The interface, and whether it is new: a rival may have been faster."""
    if len(vif_id) > LONGEST:
        told = f"virtual_interface_id has at most {LONGEST} characters"
        raise errors.Invalid({"virtual_interface_id": told}, vif_id)
    quotas.require(unit, tenant_id, "interfaces", 1)
    values = _values(unit, vif_id, tenant_id, device_id)
    found = of_row(insert_or_get(unit.connection, interfaces, ["vif_id"], values))
    is_new = found.id == values["id"]
    if is_new:
        _finish(unit, found, mac_address)
    return found, is_new


def _finish(unit: Unit, found: Interface, mac_address: str | None) -> None:
    after = shapes.interface(found, macs.assign(unit, found.id, mac_address), [])
    unit.record("create", "interface", found.shown_id, found.tenant_id, after=after)


def _taken(vif_id: str) -> errors.Invalid:
    return errors.Invalid(
        {"virtual_interface_id": f"Virtual Interface {vif_id} already exists"}, vif_id
    )


def _values(
    unit: Unit, vif_id: str | None, tenant_id: str, device_id: str | None
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "vif_id": vif_id,
        "tenant_id": tenant_id,
        "anonymous_tenant": None,
        "device_id": device_id,
        "created_at": unit.now,
        "updated_at": unit.now,
    }
