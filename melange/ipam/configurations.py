"""IP configurations: addresses with all that the host of an interface has to know of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from melange.db.tables import ip_addresses, ip_blocks
from melange.ipam import addresses, blocks, dhcp_options, macs, routes, shapes
from melange.ipam.addresses import Address
from melange.ipam.blocks import Block
from melange.ipam.interfaces import Interface
from melange.ipam.unit import Unit

BlockParts = tuple[Block, list[dict[str, Any]], list[dict[str, Any]]]
"""A block, its static routes and its DHCP options."""


def of_addresses(unit: Unit, found: Sequence[Address]) -> list[dict[str, Any]]:
    """In the same order."""
    parts = _parts(unit, {address.ip_block_id for address in found})
    return [shapes.allocation(address, *parts[address.ip_block_id]) for address in found]


def of_interface(unit: Unit, interface: Interface) -> dict[str, Any]:
    """The interface with its MAC address and its IP configurations."""
    return of_interfaces(unit, [interface])[0]


def of_interfaces(unit: Unit, found: Sequence[Interface]) -> list[dict[str, Any]]:
    """In the same order; as many queries for many as for one, if their blocks are the same."""
    ids = [interface.id for interface in found]
    c = ip_addresses.c
    query = addresses.select().where(c.interface_id.in_(ids)).order_by(c.id)
    held = addresses.fetch(unit, query)
    shown: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
    for address, configuration in zip(held, of_addresses(unit, held), strict=True):
        shown[address.interface_id].append(configuration)
    mac = macs.of_interfaces(unit, ids)
    return [shapes.interface(one, mac.get(one.id), shown[one.id]) for one in found]


def _parts(unit: Unit, block_ids: set[str]) -> dict[str, BlockParts]:
    if not block_ids:
        return {}
    query = sa.select(ip_blocks).where(ip_blocks.c.id.in_(block_ids))
    found = [blocks.of_row(row) for row in unit.connection.execute(query)]
    return {block.id: (block, _routes(unit, block), _options(unit, block)) for block in found}


def _routes(unit: Unit, block: Block) -> list[dict[str, Any]]:
    return [
        {name: getattr(route, name) for name in ("id", "destination", "gateway", "netmask")}
        for route in routes.of_block(unit, block.id)
    ]


def _options(unit: Unit, block: Block) -> list[dict[str, Any]]:
    return [
        {name: getattr(option, name) for name in ("number", "name", "value")}
        for option in dhcp_options.of_block(unit, block.id)
    ]
