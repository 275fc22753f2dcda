"""Why an address of a block is or is not to be had."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from melange import errors
from melange.db.tables import ip_blocks, ip_octets, ip_ranges
from melange.ipam import addresses, addressing, block_pools, blocks
from melange.ipam.addresses import Address
from melange.ipam.blocks import Block
from melange.ipam.exclusions import Reason, modulus_of
from melange.ipam.unit import Unit
from netkit.pool import State


@dataclass(frozen=True)
class Explanation:
    """``reason``: free, allocated, quarantined, rested (due to be given out again), gateway,
    broadcast, policy_range, policy_octet, subnetted, outside, or lost (the pool and the rows
    disagree).

    ``facts``: what else there is to say, by reason: of allocated used_by_tenant, used_by_device,
    interface_id, floating (only for those who may see them), of quarantined until, of policy_range
    and policy_octet the rule, of subnetted the subnet.
    """

    address: str
    available: bool
    reason: str
    detail: str
    facts: dict[str, Any]


def explain(unit: Unit, block: Block, text: str) -> Explanation:
    """Raises Invalid for what is no address."""
    try:
        version, value = addressing.parse_address(text)
    except ValueError:
        raise errors.Invalid({"address": f"{text} is not a valid address"}, text) from None
    shown = addressing.address_text(version, value)
    if version != block.version or not block.first <= value <= block.last:
        return _no(shown, "outside", f"it is not in {block.cidr}")
    if block.subnetted:
        return _of_subnetted(unit, block, shown, value)
    address = addresses.find(unit, block, value)
    if address is not None:
        return _of_row(unit, block, address)
    reason = blocks.exclusions_of(unit, block).why(value)
    if reason is not None:
        return _of_exclusion(unit, block, shown, value, reason)
    state = block_pools.pools.explain(unit.connection, block.pool_id, value).state
    if state is State.FREE:
        return Explanation(shown, True, "free", "nobody has it", {})
    return _no(
        shown, "lost", "nobody has it, and yet it is not free; 'melange-manage check' tells more"
    )


def _of_row(unit: Unit, block: Block, address: Address) -> Explanation:
    until = address.quarantined_until
    if not address.allocated and until is not None:
        return _of_quarantined(unit, address.address, until)
    facts: dict[str, Any] = {}
    detail = "somebody has it"
    if unit.caller.sees(block.tenant_id) or unit.caller.sees(address.used_by_tenant_id):
        facts = {
            "used_by_tenant": address.used_by_tenant_id,
            "used_by_device": address.device_id,
            "interface_id": address.vif_id,
            "floating": address.floating,
        }
        detail = f"interface {address.vif_id} of tenant {address.used_by_tenant_id} has it"
        if address.vif_id is None:
            detail = f"tenant {address.used_by_tenant_id} has it, on no interface"
    return _no(address.address, "allocated", detail, **facts)


def _of_quarantined(unit: Unit, shown: str, until: datetime.datetime) -> Explanation:
    facts = {"quarantined_until": until}
    if until <= unit.now:
        detail = "it was released, and has rested long enough"
        return Explanation(shown, True, "rested", detail, facts)
    return _no(shown, "quarantined", f"it was released, and rests until {until:%FT%TZ}", **facts)


def _of_exclusion(unit: Unit, block: Block, shown: str, value: int, reason: Reason) -> Explanation:
    if reason is Reason.GATEWAY:
        return _no(shown, "gateway", "it is the block's gateway")
    if reason is Reason.BROADCAST:
        return _no(shown, "broadcast", "it is the block's last address")
    rule = _rule(unit, block, value, reason)
    detail = f"policy {block.policy_id} keeps it back"
    if "octet" in rule:
        detail += f", as all that end in {rule['octet']}"
    elif "offset" in rule:
        detail += f", as one of {rule['length']} from offset {rule['offset']} on"
    return _no(shown, reason.value, detail, policy_id=block.policy_id, **rule)


def _rule(unit: Unit, block: Block, value: int, reason: Reason) -> dict[str, Any]:
    """Which of the policy's rules it is."""
    octets, ranges = ip_octets.c, ip_ranges.c
    if reason is Reason.OCTET:
        octet = value % modulus_of(block.version)
        query = sa.select(octets.id).where(octets.policy_id == block.policy_id)
        found = unit.connection.scalar(query.where(octets.octet == octet).limit(1))
        return {"ip_octet_id": found, "octet": octet}
    here = sa.select(ip_ranges).where(ranges.policy_id == block.policy_id).order_by(ranges.id)
    for row in unit.connection.execute(here):
        offset, length = int(row.offset), int(row.length)
        start = block.first + (offset if offset >= 0 else block.size + offset)
        if start <= value < start + length:
            return {"ip_range_id": row.id, "offset": offset, "length": length}
    return {}


def _of_subnetted(unit: Unit, block: Block, shown: str, value: int) -> Explanation:
    c = ip_blocks.c
    query = sa.select(c.id, c.cidr).where(c.parent_id == block.id, c.first <= value)
    row = unit.connection.execute(query.where(c.last >= value)).one_or_none()
    if row is None:
        return _no(shown, "subnetted", "the block has subnets, and none that it is in")
    detail = f"it belongs to the subnet {row.cidr}; ask there"
    return _no(shown, "subnetted", detail, subnet_id=row.id, subnet_cidr=row.cidr)


def _no(shown: str, reason: str, detail: str, **facts: Any) -> Explanation:
    return Explanation(shown, False, reason, detail, facts)
