"""Makes pools and counters agree with the rows, which are taken to be right."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from melange.db.tables import POOLS, ip_addresses, ip_blocks
from melange.errors import IpBlockNotFound
from melange.ipam import block_pools, blocks, carving, exclusions, usage
from melange.ipam.blocks import Block
from melange.ipam.unit import Unit
from melange.manage import consistency
from melange.manage.consistency import Finding
from netkit.pool import bulk


def repair(unit: Unit, block_id: str) -> list[Finding]:
    """Mends a block, in this transaction; returns what was wrong. Whoever draws from the block
    meanwhile waits.

    Raises IpBlockNotFound.
    """
    # Shared: an address that is being made refers to the block, and must not wait for us while we
    # wait for its range.
    block = blocks.of_row(_locked(unit, block_id))
    found = consistency.findings(unit, block)
    kinds = {finding.kind for finding in found}
    if not kinds:
        return []
    if "halves" in kinds:
        _mend_halves(unit, block)
    subnetted = any(True for _ in blocks.children(unit, block))
    if kinds & {"pool", "subnets"}:
        _rebuild(unit, block, subnetted)
    if subnetted and "carving" in kinds:
        _carve_anew(unit, block)
    # Now that nobody can draw or release, the rows are what they are.
    used = consistency.used_spans(unit, block)
    reserved = 0 if subnetted else consistency.true_reserved(unit, block, used)
    values: dict[str, Any] = {"reserved": reserved, "subnetted": subnetted}
    unit.connection.execute(ip_blocks.update().where(ip_blocks.c.id == block.id).values(values))
    for tenant_id, allocated, quarantined in consistency.usage_differences(unit, block):
        usage.add(
            unit.connection, block.id, tenant_id, allocated=allocated, quarantined=quarantined
        )
    told = {"repaired": [finding.text for finding in found]}
    unit.record("repair", "ip_block", block.id, block.tenant_id, after=told)
    return found


def _locked(unit: Unit, block_id: str) -> sa.Row[Any]:
    query = sa.select(ip_blocks).where(ip_blocks.c.id == block_id).with_for_update(read=True)
    row = unit.connection.execute(query).one_or_none()
    if row is None:
        raise IpBlockNotFound(block_id)
    return row


def _rebuild(unit: Unit, block: Block, subnetted: bool) -> None:
    def in_use() -> list[tuple[int, int]]:
        if subnetted:
            return [(block.first, block.last)]
        excluded = blocks.exclusions_of(unit, block).spans()
        return exclusions.merged([*consistency.used_spans(unit, block), *excluded])

    bulk.rebuild(POOLS, unit.connection, block.pool_id, in_use)


def _carve_anew(unit: Unit, block: Block) -> None:
    name = carving.POOL_NAME.format(block.id)
    if block_pools.pools.lookup(unit.connection, name) is None:
        carving.begin(unit, block)
    pool_id = block_pools.pools.lookup(unit.connection, name)
    assert pool_id is not None
    taken = [(child.first, child.last) for child in blocks.children(unit, block)]
    bulk.rebuild(POOLS, unit.connection, pool_id, lambda: taken)


def _mend_halves(unit: Unit, block: Block) -> None:
    """Neither half tells when the rest ends: allocated ones stay so, the others are due now."""
    c = ip_addresses.c
    here = c.ip_block_id == block.id
    change = ip_addresses.update()
    allocated = change.where(here, c.deallocated_at.is_(None))
    unit.connection.execute(allocated.values(quarantined_until=None))
    released = change.where(here, c.deallocated_at.is_not(None), c.quarantined_until.is_(None))
    unit.connection.execute(released.values(quarantined_until=unit.now))
