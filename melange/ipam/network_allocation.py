"""Addresses of a network for an interface: one of each IP version that the network has, or those
that are named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from melange import errors
from melange.db.tables import ip_addresses
from melange.ipam import (
    addresses,
    addressing,
    allocation,
    block_pools,
    blocks,
    networks,
    overlaps,
    quarantine,
    searching,
)
from melange.ipam.addresses import Address
from melange.ipam.allocation import Wish
from melange.ipam.blocks import Block
from melange.ipam.interfaces import Interface
from melange.ipam.unit import Unit


def allocate(
    unit: Unit,
    tenant_id: str,
    network_id: str,
    interface: Interface,
    wanted: Sequence[str] = (),
    parameters: Mapping[str, Any] | None = None,
    among: Sequence[Block] = (),
) -> list[Address]:
    """From the blocks that the tenant has in the network: ``among``, or none were asked for yet.
    ``wanted``: these addresses, without those that are taken or in no block; else one IPv4 and one
    IPv6 address, from the first block of each that has one. ``parameters``: for generators.

    Raises NetworkNotFound, NetworkFull, and what ``allocation.allocate`` does.
    """
    found = among or _blocks(unit, tenant_id, network_id)
    wish = Wish(interface, parameters=parameters or {})
    if wanted:
        each = [_named(unit, found, text, wish) for text in wanted]
        return [address for address in each if address is not None]
    of_families = [_of_family(unit, found, version, wish) for version in (4, 6)]
    got = [address for address in of_families if address is not None]
    if not got:
        raise errors.NetworkFull(field="network_id", value=network_id)
    return got


_HELD = (
    addresses.select()
    .where(
        ip_addresses.c.interface_id == sa.bindparam("of_interface"),
        ip_addresses.c.ip_block_id.in_(sa.bindparam("of_blocks", expanding=True)),
    )
    .order_by(ip_addresses.c.id)
)
_LOCKED = _HELD.with_for_update(of=ip_addresses)


def held(
    unit: Unit,
    among: Sequence[Block],
    interface: Interface,
    filters: Mapping[str, Any] | None = None,
    *,
    lock: bool = False,
) -> list[Address]:
    """The interface's addresses of those blocks, oldest first. ``filters``: of ``searching``.
    Raises Invalid."""
    query = searching.narrowed(_LOCKED if lock else _HELD, filters or {})
    about = {"of_interface": interface.id, "of_blocks": [block.id for block in among]}
    return addresses.fetch(unit, query, about)


def release(unit: Unit, among: Sequence[Block], found: Sequence[Address]) -> None:
    """Addresses of those blocks, which the caller has locked."""
    of_id = {block.id: block for block in among}
    for address in found:
        quarantine.release(unit, of_id[address.ip_block_id], address)


def _blocks(unit: Unit, tenant_id: str, network_id: str) -> Sequence[Block]:
    try:
        return networks.blocks_of_network(unit, tenant_id, network_id)
    except errors.NetworkNotFound:
        if not unit.settings.default_cidr:
            raise
    overlaps.enter(unit, overlaps.network_space(network_id))
    try:
        # A rival's, made a moment ago.
        return networks.blocks_of_network(unit, tenant_id, network_id)
    except errors.NetworkNotFound:
        cidr = unit.settings.default_cidr
        fields = {"type": "private", "cidr": cidr, "network_id": network_id}
        return [blocks.create(unit, tenant_id, fields)]


def _of_family(unit: Unit, found: Sequence[Block], version: int, wish: Wish) -> Address | None:
    family = [block for block in found if block.version == version]
    for block in _not_subnetted(family):
        try:
            return allocation.allocate(unit, block, wish)[0]
        except errors.BlockFull:
            continue
    return None


def _not_subnetted(found: Sequence[Block]) -> Sequence[Block]:
    """The addresses of a subnetted block are in its subnets, which are of the same network.

    If all are subnetted, one of them: the allocation will say so.
    """
    return [block for block in found if not block.subnetted] or found[:1]


def _named(unit: Unit, found: Sequence[Block], text: str, wish: Wish) -> Address | None:
    try:
        version, value = addressing.parse_address(text)
    except ValueError:
        raise errors.Invalid({"addresses": f"{text} is not a valid address"}, text) from None
    around = [b for b in found if b.version == version and b.first <= value <= b.last]
    for block in _not_subnetted(around)[:1]:
        return _if_free(unit, block, Wish(wish.interface, text, parameters=wish.parameters))
    return None


def _if_free(unit: Unit, block: Block, wish: Wish) -> Address | None:
    try:
        return allocation.allocate(unit, block, wish)[0]
    except errors.DuplicateAddress:
        if block_pools.pools.lowest_free(unit.connection, block.pool_id) is None:
            raise errors.BlockFull(field="ip_block_id", value=block.id) from None
        return None
