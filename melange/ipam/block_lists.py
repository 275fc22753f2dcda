"""Lists of a tenant's blocks, and what they are narrowed to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from melange import errors
from melange.db.tables import ip_blocks
from melange.ipam import addressing, blocks, lists, networks, shapes, tags
from melange.ipam.addressing import Span
from melange.ipam.blocks import Block
from melange.ipam.lists import Condition, Window, equal
from melange.ipam.unit import Unit

Conditions = Sequence[sa.ColumnElement[bool]]


def of_tenant(
    unit: Unit, tenant_id: str, filters: Mapping[str, Any], window: Window
) -> list[Block]:
    """A page of the tenant's blocks, subnets and all, that pass all the filters: ``type``,
    ``version``, ``network_id``, ``cidr`` (that very one), ``contains`` (an address or a CIDR),
    ``within`` (a CIDR), ``tags`` (with commas: all of them). Other names are ignored. Raises
    Invalid.
    """
    c = ip_blocks.c
    own = sa.select(ip_blocks).where(c.tenant_id == tenant_id)
    query = lists.narrowed(own, filters, _FILTERS)
    rows = unit.connection.execute(window.of(query, c.id))
    return [blocks.of_row(row) for row in rows]


def of_parent(unit: Unit, parent: Block, filters: Mapping[str, Any]) -> list[Block]:
    """The block's direct subnets that pass all the filters (as `of_tenant`, and ``tenant_id``),
    lowest first. Raises Invalid.
    """
    query = lists.narrowed(blocks.below(parent), filters, _FILTERS)
    return [blocks.of_row(row) for row in unit.connection.execute(query)]


def of_network(
    unit: Unit, tenant_id: str, network_id: str, filters: Mapping[str, Any]
) -> list[Block]:
    """The tenant's blocks of the network that pass all the filters (as `of_tenant`), in the order
    in which they are drawn from. Raises NetworkNotFound when there are none to filter, Invalid.
    """
    query = lists.narrowed(networks.select(tenant_id, network_id), filters, _FILTERS)
    found = [blocks.of_row(row) for row in unit.connection.execute(query)]
    if not found:
        networks.blocks_of_network(unit, tenant_id, network_id)
    return found


def shown(unit: Unit, found: Sequence[Block]) -> list[dict[str, Any]]:
    """The blocks as the API shows them, with their tags."""
    if not found:
        return []
    of_all = tags.of_all(unit, tags.BLOCK, [block.id for block in found])
    return [shapes.ip_block(block, of_all.get(block.id, [])) for block in found]


def _cidr(text: str) -> Conditions:
    span = _span("cidr", text)
    c = ip_blocks.c
    return [c.version == span.version, c.first == span.first, c.last == span.last]


def _contains(text: str) -> Conditions:
    span = _span("contains", text)
    c = ip_blocks.c
    return [c.version == span.version, c.first <= span.first, c.last >= span.last]


def _within(text: str) -> Conditions:
    span = _span("within", text)
    c = ip_blocks.c
    return [c.version == span.version, c.first >= span.first, c.last <= span.last]


def _span(name: str, text: str) -> Span:
    try:
        return addressing.parse_cidr(text)
    except ValueError:
        raise errors.Invalid({name: f"{name} should be an address or a CIDR"}, text) from None


_FILTERS: Mapping[str, Condition] = {
    "type": equal(ip_blocks.c.type),
    "version": equal(ip_blocks.c.version),
    "tenant_id": equal(ip_blocks.c.tenant_id),
    "network_id": equal(ip_blocks.c.network_id),
    "cidr": _cidr,
    "contains": _contains,
    "within": _within,
    "tags": lambda text: tags.having(tags.BLOCK, ip_blocks.c.id, text),
}
