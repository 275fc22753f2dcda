"""Which interfaces a list is narrowed to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from melange import errors
from melange.db.tables import interfaces, ip_addresses, ip_blocks, mac_addresses
from melange.ipam import addressing, eui, lists, tags
from melange.ipam.interfaces import Interface, find, of_row
from melange.ipam.lists import Condition, Window, equal
from melange.ipam.unit import Unit

Conditions = list[sa.ColumnElement[bool]]


def page(unit: Unit, tenant_id: str, filters: Mapping[str, Any], window: Window) -> list[Interface]:
    """The tenant's interfaces that meet all the filters there are; names that are no filter's are
    ignored. The marker is the id that an interface is shown with. Raises Invalid.
    """
    c = interfaces.c
    query = narrowed(sa.select(interfaces).where(c.tenant_id == tenant_id), filters)
    last = find(unit, window.marker, tenant_id) if window.marker else None
    if last is not None:
        window = Window(window.limit, last.id)
    return [of_row(row) for row in unit.connection.execute(window.of(query, c.id))]


def narrowed(query: sa.Select[Any], filters: Mapping[str, Any]) -> sa.Select[Any]:
    """A query of ``interfaces`` with all the filters there are. Raises Invalid."""
    return lists.narrowed(query, filters, _FILTERS)


def _network(text: str) -> Conditions:
    a, b = ip_addresses.c, ip_blocks.c
    here = sa.select(a.interface_id).join(ip_blocks, b.id == a.ip_block_id)
    return [interfaces.c.id.in_(here.where(b.network_id == text, a.interface_id.is_not(None)))]


def _mac(text: str) -> Conditions:
    c = mac_addresses.c
    mac = eui.parse_mac(text)
    return [interfaces.c.id.in_(sa.select(c.interface_id).where(c.address == mac))]


def _address(text: str) -> Conditions:
    c = ip_addresses.c
    try:
        version, value = addressing.parse_address(text)
    except ValueError:
        raise errors.Invalid({"address": f"{text} is not a valid address"}, text) from None
    here = sa.select(c.interface_id).where(c.version == version, c.value == value)
    return [interfaces.c.id.in_(here.where(c.interface_id.is_not(None)))]


_FILTERS: Mapping[str, Condition] = {
    "tenant_id": equal(interfaces.c.tenant_id),
    "device_id": equal(interfaces.c.device_id),
    "network_id": _network,
    "mac_address": _mac,
    "address": _address,
    "tags": lambda text: tags.having(tags.INTERFACE, interfaces.c.id, text),
}
