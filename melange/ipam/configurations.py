"""IP configurations: addresses with all that the host of an interface has to know of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
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

# Made once: making a statement costs as much as asking.
_HELD = (
    addresses.select()
    .where(ip_addresses.c.interface_id.in_(sa.bindparam("of_interfaces", expanding=True)))
    .order_by(ip_addresses.c.id)
)
_BLOCKS = sa.select(ip_blocks).where(ip_blocks.c.id.in_(sa.bindparam("ids", expanding=True)))


def of_addresses(
    unit: Unit, found: Sequence[Address], known: Iterable[Block] = ()
) -> list[dict[str, Any]]:
    """In the same order. ``known``: blocks that need not be asked for."""
    parts = _parts(unit, {address.ip_block_id for address in found}, known)
    return [shapes.allocation(address, *parts[address.ip_block_id]) for address in found]


def of_interface(unit: Unit, interface: Interface) -> dict[str, Any]:
    """The interface with its MAC address and its IP configurations."""
    return of_interfaces(unit, [interface])[0]


def of_interfaces(unit: Unit, found: Sequence[Interface]) -> list[dict[str, Any]]:
    """In the same order; as many queries for many as for one, if their blocks are the same."""
    ids = [interface.id for interface in found]
    held = addresses.fetch(unit, _HELD, {"of_interfaces": ids})
    shown: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
    for address, configuration in zip(held, of_addresses(unit, held), strict=True):
        shown[address.interface_id].append(configuration)
    mac = macs.of_interfaces(unit, ids)
    return [shapes.interface(one, mac.get(one.id), shown[one.id]) for one in found]


def _parts(unit: Unit, block_ids: set[str], known: Iterable[Block]) -> dict[str, BlockParts]:
    found = [block for block in known if block.id in block_ids]
    if lacking := block_ids - {block.id for block in found}:
        rows = unit.connection.execute(_BLOCKS, {"ids": list(lacking)})
        found += [blocks.of_row(row) for row in rows]
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
