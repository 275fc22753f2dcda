"""Floating IPs: public addresses that a tenant has, and puts before its inside ones as it likes."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from melange import errors
from melange.db.tables import ip_addresses, ip_blocks
from melange.ipam import addresses, allocation, blocks, interfaces, nat, quarantine
from melange.ipam.addresses import Address
from melange.ipam.blocks import Block
from melange.ipam.nat import Side
from melange.ipam.unit import Unit


@dataclass(frozen=True)
class FloatingIp:
    """``id``: of the public address. ``inside_local``: the address behind it."""

    id: str
    address: str
    version: int
    ip_block_id: str
    tenant_id: str
    inside_local: Address | None
    created_at: datetime.datetime
    updated_at: datetime.datetime


def create(unit: Unit, tenant_id: str, fields: Mapping[str, Any]) -> FloatingIp:
    """Allocates one and, with ``inside_local``, associates it. ``ip_block_id``: of which block, the
    tenant's own or shared; without it, of the first such block that has one. ``address``: this one.

    Raises IpBlockNotFound, NoFloatingBlock, IpAddressNotFound, AddressLocked and what
    ``allocation.allocate`` does.
    """
    local = _local(unit, tenant_id, fields.get("inside_local"))
    wish = allocation.Wish(
        interface=interfaces.anonymous(unit, tenant_id),
        address=fields.get("address") or None,
        floating=True,
    )
    block_id = fields.get("ip_block_id") or None
    candidates = _candidates(unit, tenant_id, block_id, local)
    address = _first(unit, candidates, wish)
    if local is not None:
        nat.link(unit, address, [local], Side.LOCALS)
    return get(unit, tenant_id, address.id)


def get(unit: Unit, tenant_id: str, floating_id: str, *, lock: bool = False) -> FloatingIp:
    """Raises FloatingIpNotFound."""
    return _of(unit, _address(unit, tenant_id, floating_id, lock=lock))


def select(tenant_id: str) -> sa.Select[Any]:
    """The public addresses of the tenant's floating IPs."""
    c = ip_addresses.c
    mine = (c.used_by_tenant_id == tenant_id, c.floating, c.deallocated_at.is_(None))
    return addresses.select().where(*mine)


def fetch(unit: Unit, query: sa.Select[Any]) -> list[FloatingIp]:
    """Of a query that began with ``select``."""
    return [_of(unit, address) for address in addresses.fetch(unit, query)]


def associate(
    unit: Unit, tenant_id: str, floating: FloatingIp, reference: Mapping[str, Any] | None
) -> FloatingIp:
    """Puts it before that inside address and no other; None: before none.

    The caller has locked the floating IP. Raises what ``create`` does of inside_local.
    """
    address = _address(unit, tenant_id, floating.id)
    local = _local(unit, tenant_id, reference)
    if floating.inside_local is not None:
        if local is not None and local.id == floating.inside_local.id:
            return floating
        nat.unlink(unit, address, Side.LOCALS)
    if local is not None:
        nat.link(unit, address, [local], Side.LOCALS)
    addresses.change(unit, address)
    return get(unit, tenant_id, floating.id)


def delete(unit: Unit, tenant_id: str, floating: FloatingIp) -> None:
    """Takes it from before its inside address, and releases it. The caller has locked it."""
    address = _address(unit, tenant_id, floating.id)
    nat.unlink(unit, address, Side.LOCALS)
    quarantine.release(unit, blocks.get(unit, address.ip_block_id), address)


def _address(unit: Unit, tenant_id: str, floating_id: str, *, lock: bool = False) -> Address:
    query = select(tenant_id).where(ip_addresses.c.id == floating_id)
    found = addresses.fetch(unit, query.with_for_update(of=ip_addresses) if lock else query)
    if not found:
        raise errors.FloatingIpNotFound(floating_id)
    return found[0]


def _of(unit: Unit, address: Address) -> FloatingIp:
    linked = nat.linked(address, Side.LOCALS).order_by(ip_addresses.c.id).limit(1)
    inside = addresses.fetch(unit, linked)
    return FloatingIp(
        id=address.id,
        address=address.address,
        version=address.version,
        ip_block_id=address.ip_block_id,
        tenant_id=address.used_by_tenant_id or "",
        inside_local=inside[0] if inside else None,
        created_at=address.created_at,
        updated_at=address.updated_at,
    )


def _local(unit: Unit, tenant_id: str, reference: Mapping[str, Any] | None) -> Address | None:
    """The inside address, locked: the tenant uses it, or the block is the tenant's."""
    if not reference:
        return None
    wrong = {
        f"inside_local.{name}": f"{name} should be present"
        for name in ("ip_block_id", "address")
        if not reference.get(name)
    }
    if wrong:
        raise errors.Invalid(wrong)
    block = blocks.get(unit, reference["ip_block_id"])
    found = addresses.get(unit, block, reference["address"], lock=True)
    if tenant_id not in (block.tenant_id, found.used_by_tenant_id):
        raise errors.IpAddressNotFound(reference["address"], field="address")
    if found.floating:
        told = {"inside_local": "inside_local should not be a floating IP itself"}
        raise errors.Invalid(told, found.address)
    if not found.allocated:
        raise errors.AddressLocked(field="inside_local", value=found.address)
    return found


def _candidates(
    unit: Unit, tenant_id: str, block_id: str | None, local: Address | None
) -> list[Block]:
    """The public blocks to draw from, the tenant's own first."""
    c = ip_blocks.c
    query = sa.select(ip_blocks).where(
        c.type == "public", sa.or_(c.tenant_id == tenant_id, c.shared)
    )
    if block_id is not None:
        query = query.where(c.id == block_id)
    else:
        query = query.where(~c.subnetted, c.version == (local.version if local else 4))
    order = (c.tenant_id != tenant_id, c.priority, c.created_at, c.id)
    found = [blocks.of_row(row) for row in unit.connection.execute(query.order_by(*order))]
    if not found:
        raise errors.IpBlockNotFound(block_id) if block_id else errors.NoFloatingBlock()
    return found


def _first(unit: Unit, candidates: list[Block], wish: allocation.Wish) -> Address:
    """The first address that one of the blocks has."""
    for block in candidates:
        try:
            return allocation.allocate(unit, block, wish)[0]
        except (errors.BlockFull, errors.AddressOutside) as error:
            last = error
    raise last
