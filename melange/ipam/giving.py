"""Addresses of a block for whoever is named: interfaces are made, others may share an address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from melange import errors
from melange.ipam import allocation, allowed_ips, interfaces, tags, tenancy
from melange.ipam.addresses import Address
from melange.ipam.allocation import Wish
from melange.ipam.blocks import Block
from melange.ipam.interfaces import Interface
from melange.ipam.unit import Unit

MOST = 1024
"""Addresses of one call."""

Fields = Mapping[str, Any]


def give(unit: Unit, block: Block, fields: Fields, count: int = 1) -> list[Address]:
    """``count`` addresses, or the one that is named.

    ``fields``: ``address``; ``interface_id`` (made, with ``used_by_device`` and ``mac_address``, if
    there is none; without it the tenant's nameless one), ``tenant_id`` (who uses it; by default who
    owns the block), ``allowed_interfaces`` (who else may have it), ``tags``; and whatever else an
    address generator knows to use.

    Raises ForeignTenant, InterfaceNotFound, NotAllowedThere and what ``interfaces.ensure`` and
    ``allocation.allocate`` do.
    """
    tenant_id = fields.get("tenant_id") or block.tenant_id
    if tenant_id != block.tenant_id:
        tenancy.require_visible(unit, tenant_id)
    interface = interfaces.ensure(
        unit,
        fields.get("interface_id"),
        tenant_id,
        fields.get("used_by_device"),
        fields.get("mac_address"),
    )
    wish = Wish(
        interface,
        address=fields.get("address") or None,
        count=count,
        parameters=fields,
    )
    made = allocation.allocate(unit, block, wish)
    sharers = [
        _sharer(unit, vif_id) for vif_id in sorted(set(fields.get("allowed_interfaces") or ()))
    ]
    for address in made:
        for sharer in sharers:
            allowed_ips.allow(unit, sharer, address, block.network_id)
        if fields.get("tags"):
            tags.give(unit, tags.ADDRESS, address.id, fields["tags"])
    return made


def give_all(unit: Unit, block: Block, wanted: Iterable[Fields]) -> list[Address]:
    """One address for each, in that order; all of them or, with an exception, none. Equal
    neighbours are one draw. Raises what ``give`` does.
    """
    made: list[Address] = []
    for fields, count in _runs(wanted):
        made += give(unit, block, fields, count)
    return made


def _runs(wanted: Iterable[Fields]) -> Iterator[tuple[Fields, int]]:
    for fields, same in groupby(wanted):
        count = sum(1 for _ in same)
        if fields.get("address"):
            # The second of them is refused as any address that is taken.
            yield from [(fields, 1)] * count
        else:
            yield fields, count


def _sharer(unit: Unit, vif_id: str) -> Interface:
    found = interfaces.get(unit, vif_id, lock=True)
    if not unit.caller.sees(found.tenant_id):
        raise errors.InterfaceNotFound(vif_id)
    return found
