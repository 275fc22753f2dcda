"""Which addresses a list is narrowed to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from melange import errors
from melange.db.tables import interfaces, ip_addresses, ip_blocks
from melange.ipam import addresses, addressing, lists, tags
from melange.ipam.addresses import Address
from melange.ipam.lists import Condition, Window, equal
from melange.ipam.unit import Unit

Conditions = list[sa.ColumnElement[bool]]

STATES = ("allocated", "quarantined")


def narrowed(query: sa.Select[Any], filters: Mapping[str, Any]) -> sa.Select[Any]:
    """A query of ``addresses.select`` with all the filters there are; names that are no filter's
    are ignored. Raises Invalid.
    """
    return lists.narrowed(query, filters, _FILTERS)


def page(unit: Unit, query: sa.Select[Any], window: Window) -> list[Address]:
    return addresses.fetch(unit, window.of(query, ip_addresses.c.id))


def _address(text: str) -> Conditions:
    c = ip_addresses.c
    try:
        version, value = addressing.parse_address(text)
    except ValueError:
        raise errors.Invalid({"address": f"{text} is not a valid address"}, text) from None
    return [c.version == version, c.value == value]


def _within(text: str) -> Conditions:
    c = ip_addresses.c
    try:
        span = addressing.parse_cidr(text)
    except ValueError:
        raise errors.Invalid({"within": "cidr is invalid"}, text) from None
    return [c.version == span.version, c.value.between(span.first, span.last)]


def _interface(text: str) -> Conditions:
    i = interfaces.c
    named = sa.or_(i.vif_id == text, sa.and_(i.vif_id.is_(None), i.id == text))
    return [ip_addresses.c.interface_id.in_(sa.select(i.id).where(named))]


def _device(text: str) -> Conditions:
    i = interfaces.c
    return [ip_addresses.c.interface_id.in_(sa.select(i.id).where(i.device_id == text))]


def _network(text: str) -> Conditions:
    b = ip_blocks.c
    return [ip_addresses.c.ip_block_id.in_(sa.select(b.id).where(b.network_id == text))]


def _state(text: str) -> Conditions:
    c = ip_addresses.c
    if text not in STATES:
        told = f"state should be one among {', '.join(STATES)}"
        raise errors.Invalid({"state": told}, text)
    return [c.deallocated_at.is_(None) if text == "allocated" else c.deallocated_at.is_not(None)]


_FILTERS: Mapping[str, Condition] = {
    "address": _address,
    "version": equal(ip_addresses.c.version),
    "within": _within,
    "interface_id": _interface,
    "used_by_device": _device,
    "used_by_tenant": equal(ip_addresses.c.used_by_tenant_id),
    "ip_block_id": equal(ip_addresses.c.ip_block_id),
    "network_id": _network,
    "state": _state,
    "tags": lambda text: tags.having(tags.ADDRESS, ip_addresses.c.id, text),
}
