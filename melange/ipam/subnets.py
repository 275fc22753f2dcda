"""Subnets: blocks within a block. A block with subnets gives out no addresses of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from melange import errors
from melange.ipam import addressing, blocks, carving, quarantine
from melange.ipam.addressing import Span
from melange.ipam.blocks import Block
from melange.ipam.unit import Unit

_TAKEN_OVER = ("dns1", "dns2", "priority", "shared")


def create(
    unit: Unit, parent: Block, fields: Mapping[str, Any], *, block_id: str | None = None
) -> Block:
    """A subnet of a block whose row the caller has locked.

    ``cidr``: the subnet's; or ``/26``, or ``prefix`` with 26: the next free one of that size, the
    lowest first. Network and tenant are the parent's unless given.
    Raises Invalid, NoRoomForSubnet, OverQuota.
    """
    if not parent.subnetted:
        while quarantine.reclaim(unit, parent):
            pass
        blocks.empty_pool(unit, parent)
        carving.begin(unit, parent)
    wanted = _wanted_prefix(fields)
    cidr = fields.get("cidr") if wanted is None else _next_free(unit, parent, wanted).cidr
    values = {name: fields[name] for name in _TAKEN_OVER if name in fields}
    values["cidr"] = cidr
    values["network_id"] = fields.get("network_id") or parent.network_id
    subnet = blocks.create(
        unit, fields.get("tenant_id") or parent.tenant_id, values, parent, block_id=block_id
    )
    carving.take(unit, parent, subnet.span)
    return subnet


def _wanted_prefix(fields: Mapping[str, Any]) -> int | None:
    """The prefix length of which the next free subnet is asked for; None: a CIDR is given."""
    cidr = str(fields.get("cidr") or "").strip()
    if cidr.startswith("/"):
        if not cidr[1:].isascii() or not cidr[1:].isdigit():
            raise errors.Invalid({"cidr": "cidr is invalid"}, cidr)
        return int(cidr[1:])
    prefix = fields.get("prefix")
    return None if cidr or prefix is None else int(prefix)


def _next_free(unit: Unit, parent: Block, prefix: int) -> Span:
    own = int(parent.cidr.partition("/")[2])
    widest = addressing.width(parent.version)
    if not own <= prefix <= widest:
        text = f"prefix should be from {own} to {widest} in {parent.cidr}"
        raise errors.Invalid({"prefix": text}, prefix)
    found = carving.lowest(unit, parent, prefix)
    if found is None:
        raise errors.NoRoomForSubnet(parent.cidr, prefix)
    return found
