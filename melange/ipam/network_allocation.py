"""Addresses of a network for an interface: one of each IP version that the network has, or those
that are named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from melange import errors
from melange.db.tables import ip_addresses
from melange.ipam import (
    addresses,
    addressing,
    allocation,
    block_pools,
    blocks,
    interfaces,
    networks,
    overlaps,
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
) -> list[Address]:
    """From the blocks that the tenant has in the network. ``wanted``: these addresses, without
    those that are taken or in no block; else one IPv4 and one IPv6 address, from the first block
    of each that has one. ``parameters``: for generators.

    Raises NetworkNotFound, NetworkFull, and what ``allocation.allocate`` does.
    """
    found = _blocks(unit, tenant_id, network_id)
    wish = Wish(interface, parameters=parameters or {})
    if wanted:
        each = [_named(unit, found, text, wish) for text in wanted]
        return [address for address in each if address is not None]
    of_families = [_of_family(unit, found, version, wish) for version in (4, 6)]
    got = [address for address in of_families if address is not None]
    if not got:
        raise errors.NetworkFull(field="network_id", value=network_id)
    return got


def held(
    unit: Unit,
    tenant_id: str,
    network_id: str,
    interface: Interface,
    filters: Mapping[str, Any] | None = None,
    *,
    lock: bool = False,
) -> list[Address]:
    """The interface's addresses of the network, oldest first. ``filters``: of ``searching``.

    Raises NetworkNotFound, Invalid.
    """
    c = ip_addresses.c
    ids = [block.id for block in networks.blocks_of_network(unit, tenant_id, network_id)]
    query = addresses.select().where(c.interface_id == interface.id, c.ip_block_id.in_(ids))
    query = searching.narrowed(query, filters or {})
    if lock:
        query = query.with_for_update(of=ip_addresses)
    return addresses.fetch(unit, query.order_by(c.id))


def release(unit: Unit, tenant_id: str, network_id: str, interface: Interface) -> None:
    """All its addresses of the network. Raises NetworkNotFound. The caller has locked it."""
    among = networks.blocks_of_network(unit, tenant_id, network_id)
    interfaces.release(unit, interface, among)


def _blocks(unit: Unit, tenant_id: str, network_id: str) -> list[Block]:
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


def _of_family(unit: Unit, found: list[Block], version: int, wish: Wish) -> Address | None:
    family = [block for block in found if block.version == version]
    for block in _not_subnetted(family):
        try:
            return allocation.allocate(unit, block, wish)[0]
        except errors.BlockFull:
            continue
    return None


def _not_subnetted(found: list[Block]) -> list[Block]:
    """The addresses of a subnetted block are in its subnets, which are of the same network.

    If all are subnetted, one of them: the allocation will say so.
    """
    return [block for block in found if not block.subnetted] or found[:1]


def _named(unit: Unit, found: list[Block], text: str, wish: Wish) -> Address | None:
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
