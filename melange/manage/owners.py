"""Whose the addresses of an import are: their interfaces, made if need be, and tenants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from melange.db.tables import interfaces, ip_addresses, ip_blocks
from melange.ipam import interfaces as ipam_interfaces
from melange.ipam.blocks import Block
from melange.ipam.interfaces import Interface
from melange.ipam.unit import Unit
from netkit.errors import ServiceError

if TYPE_CHECKING:
    from melange.manage.adopting import Entry

NAMELESS = "-"
"""In place of an interface's name: the tenant's nameless interface."""

_AT_ONCE = 1000


class Owner(NamedTuple):
    interface_id: str | None
    tenant_id: str


def resolve(unit: Unit, block: Block, entries: Sequence[Entry]) -> dict[int, Owner | str]:
    """By line: the owner, or why it cannot own the address. A tenant that isn't given is the
    interface's or, without one, the block's.
    """
    names = {entry.owner for entry in entries if entry.owner not in (None, NAMELESS)}
    known = _interfaces(unit, sorted(str(name) for name in names))
    networks = _networks(unit, [one.id for one in known.values()])
    nameless: dict[str, Interface] = {}
    found: dict[int, Owner | str] = {}
    for entry in entries:
        try:
            found[entry.line] = _owner(unit, block, entry, known, nameless)
        except ServiceError as error:
            found[entry.line] = str(error)
            continue
        one = known.get(entry.owner or "")
        if one is None or block.network_id is None or entry.floating:
            continue
        network = networks.setdefault(one.id, block.network_id)
        if network != block.network_id:
            found[entry.line] = f"interface {entry.owner} has addresses of network {network}"
    return found


def _owner(
    unit: Unit,
    block: Block,
    entry: Entry,
    known: dict[str, Interface],
    nameless: dict[str, Interface],
) -> Owner | str:
    if entry.owner is None:
        return Owner(None, entry.tenant_id or block.tenant_id)
    if entry.owner == NAMELESS:
        tenant_id = entry.tenant_id or block.tenant_id
        if tenant_id not in nameless:
            nameless[tenant_id] = ipam_interfaces.anonymous(unit, tenant_id)
        return Owner(nameless[tenant_id].id, tenant_id)
    one = known.get(entry.owner)
    if one is None:
        tenant_id = entry.tenant_id or block.tenant_id
        # What was begun of one that cannot be made must not stay.
        with unit.connection.begin_nested():
            one = ipam_interfaces.create(unit, entry.owner, tenant_id, entry.device_id, None)
        known[entry.owner] = one
    if entry.device_id not in (None, one.device_id):
        return f"interface {entry.owner} is of device {one.device_id}"
    return Owner(one.id, entry.tenant_id or one.tenant_id)


def _interfaces(unit: Unit, names: Sequence[str]) -> dict[str, Interface]:
    c = interfaces.c
    found = {}
    for start in range(0, len(names), _AT_ONCE):
        here = c.vif_id.in_(names[start : start + _AT_ONCE])
        # Shared: they stay until the commit.
        query = sa.select(interfaces).where(here).order_by(c.id).with_for_update(read=True)
        for row in unit.connection.execute(query):
            found[str(row.vif_id)] = ipam_interfaces.of_row(row)
    return found


def _networks(unit: Unit, ids: Sequence[str]) -> dict[str, str]:
    """The network of each interface that has addresses of one."""
    a, b = ip_addresses.c, ip_blocks.c
    found: dict[str, str] = {}
    for start in range(0, len(ids), _AT_ONCE):
        query = (
            sa.select(a.interface_id, b.network_id)
            .join(ip_blocks, b.id == a.ip_block_id)
            .where(a.interface_id.in_(ids[start : start + _AT_ONCE]))
            .where(b.network_id.is_not(None), ~a.floating)
            .distinct()
        )
        found.update({row.interface_id: row.network_id for row in unit.connection.execute(query)})
    return found
