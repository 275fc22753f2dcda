"""IP blocks: CIDRs of tenants, each with a pool of what is free in it."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from melange import errors
from melange.db.tables import ip_addresses, ip_blocks
from melange.identifiers import new_id
from melange.ipam import addressing, block_pools, overlaps, quotas, rules, shapes, tenancy
from melange.ipam.addressing import Span
from melange.ipam.block_pools import pools
from melange.ipam.exclusions import Exclusions
from melange.ipam.mistakes import Mistakes
from melange.ipam.unit import Unit

TYPES = ("public", "private")


@dataclass(frozen=True)
class Block:
    """A row of ``ip_blocks``. ``first`` and ``last``: integers, both of the block."""

    id: str
    tenant_id: str
    network_id: str | None
    type: str
    cidr: str
    version: int
    first: int
    last: int
    gateway: str | None
    dns1: str | None
    dns2: str | None
    policy_id: str | None
    parent_id: str | None
    priority: int
    shared: bool
    pool_id: int
    subnetted: bool
    drawing: str
    reserved: int
    created_at: datetime.datetime
    updated_at: datetime.datetime

    @property
    def size(self) -> int:
        return self.last - self.first + 1

    @property
    def span(self) -> Span:
        return Span(self.cidr, self.version, self.first, self.last)

    @property
    def broadcast(self) -> str:
        return addressing.address_text(self.version, self.last)

    @property
    def netmask(self) -> str:
        """Dotted for IPv4; for IPv6 the prefix length."""
        prefix = self.cidr.partition("/")[2]
        if self.version == 6:
            return prefix
        return addressing.address_text(4, (2**32 - 1) ^ (2 ** (32 - int(prefix)) - 1))


def of_row(row: sa.Row[Any]) -> Block:
    return Block(**row._mapping)


def get(unit: Unit, block_id: str, tenant_id: str | None = None, *, lock: bool = False) -> Block:
    """The block, of that tenant if one is given. Raises IpBlockNotFound."""
    c = ip_blocks.c
    query = sa.select(ip_blocks).where(c.id == block_id)
    if tenant_id is not None:
        query = query.where(c.tenant_id == tenant_id)
    row = unit.connection.execute(locking(query) if lock else query).one_or_none()
    if row is None:
        raise errors.IpBlockNotFound(block_id)
    return of_row(row)


def locking(query: sa.Select[Any]) -> sa.Select[Any]:
    """The query of blocks, locking their rows. New addresses refer to the row: on PostgreSQL they
    don't wait for this lock.
    """
    return query.with_for_update(key_share=True)


def exclusions_of(unit: Unit, block: Block) -> Exclusions:
    """What nobody gets of the block, as its gateway and its policy are now."""
    return exclusions_under(block, rules.of_policy(unit, block.policy_id))


def exclusions_under(block: Block, found: rules.Rules | None) -> Exclusions:
    """What nobody gets of the block under these rules."""
    return block_pools.exclusions(block.span, block.gateway, found)


def create(
    unit: Unit,
    tenant_id: str,
    fields: Mapping[str, Any],
    parent: Block | None = None,
    *,
    block_id: str | None = None,
) -> Block:
    """A new block; below ``parent`` (whose row the caller has locked), a subnet of it.

    ``block_id``: of one that comes from elsewhere.

    Raises Invalid with all that is wrong, OverQuota, SharingForbidden.
    """
    quotas.require(unit, tenant_id, "ip_blocks", 1)
    if fields.get("shared"):
        tenancy.require_sharing(unit)
    wrong = Mistakes()
    span = wrong.of_cidr(fields.get("cidr"))
    kind = parent.type if parent else fields.get("type")
    if kind not in TYPES:
        wrong.add("type", "type should be one among public, private")
    policy_id = fields.get("policy_id") or None
    found = wrong.of_policy(unit, policy_id, tenant_id)
    gateway = wrong.of_gateway(fields.get("gateway"), span)
    network_id = fields.get("network_id") or None
    if span and kind in TYPES:
        overlaps.tell(unit, wrong, overlaps.Place(span, kind, network_id, parent))
    wrong.refuse()
    assert span is not None
    excluded = block_pools.exclusions(span, gateway, found)
    block = Block(
        id=block_id or new_id(),
        tenant_id=tenant_id,
        network_id=network_id,
        type=str(kind),
        cidr=span.cidr,
        version=span.version,
        first=span.first,
        last=span.last,
        gateway=gateway,
        dns1=fields.get("dns1") or unit.settings.dns1,
        dns2=fields.get("dns2") or unit.settings.dns2,
        policy_id=policy_id,
        parent_id=parent.id if parent else None,
        priority=fields.get("priority") or 0,
        shared=bool(fields.get("shared")),
        pool_id=pools.create(unit.connection, span.first, span.last, excluded=excluded.spans()),
        subnetted=False,
        drawing=rules.drawing(found, span.version),
        reserved=excluded.count(),
        created_at=unit.now,
        updated_at=unit.now,
    )
    unit.connection.execute(ip_blocks.insert().values(dataclasses.asdict(block)))
    unit.record("create", "ip_block", block.id, tenant_id, after=shapes.ip_block(block))
    return block


def update(unit: Unit, block: Block, fields: Mapping[str, Any]) -> Block:
    """Changes network, policy, gateway, DNS, priority and sharing; what is not given stays.

    The caller has locked the block's row (``get(..., lock=True)``). Raises Invalid,
    SharingForbidden.
    """
    if fields.get("shared") and not block.shared:
        tenancy.require_sharing(unit)
    wrong = Mistakes()
    defaults: dict[str, Any] = {
        "network_id": None,
        "policy_id": None,
        "dns1": unit.settings.dns1,
        "dns2": unit.settings.dns2,
        "priority": 0,
        "shared": False,
    }
    changed: dict[str, Any] = {
        name: fields[name] or blank for name, blank in defaults.items() if name in fields
    }
    if "gateway" in fields:
        changed["gateway"] = wrong.of_gateway(fields["gateway"], block.span)
    policy_id = changed.get("policy_id", block.policy_id)
    found = wrong.of_policy(unit, policy_id, block.tenant_id)
    network_id = changed.get("network_id", block.network_id)
    if network_id != block.network_id:
        parent = get(unit, block.parent_id) if block.parent_id else None
        place = overlaps.Place(block.span, block.type, network_id, parent, own_id=block.id)
        overlaps.tell(unit, wrong, place)
    wrong.refuse()
    if not changed:
        return block
    changed["updated_at"] = unit.now
    after = _store(unit, block, changed, exclusions_of(unit, block), found)
    shown = shapes.ip_block(block), shapes.ip_block(after)
    unit.record("update", "ip_block", block.id, block.tenant_id, *shown)
    return after


def reshape(unit: Unit, block: Block, before: Exclusions, found: rules.Rules | None) -> None:
    """Follows a change of its policy's rules to those ``found``; ``before``: the exclusions before
    it. The caller has locked the block's row.
    """
    _store(unit, block, {}, before, found)


def below(block: Block) -> sa.Select[Any]:
    """The rows of its direct subnets, lowest first."""
    c = ip_blocks.c
    return sa.select(ip_blocks).where(c.parent_id == block.id).order_by(c.last)


def children(unit: Unit, block: Block) -> list[Block]:
    """Its direct subnets, lowest first."""
    return [of_row(row) for row in unit.connection.execute(below(block))]


def empty_pool(unit: Unit, block: Block) -> None:
    """From now on the block's addresses are its subnets'. Raises Invalid if it has any in use."""
    # Waits for whoever has drawn and not committed: after it, their rows can be seen.
    pools.withdraw(unit.connection, block.pool_id, block.first, block.last)
    used = sa.exists().where(ip_addresses.c.ip_block_id == block.id)
    if unit.connection.scalar(sa.select(used)):
        raise errors.Invalid(
            {"parent_id": "parent is not subnettable since it has allocated ips"}, block.id
        )
    _change(unit, block, {"subnetted": True, "reserved": 0})


def refill_pool(unit: Unit, block: Block) -> None:
    """The last subnet is gone: the block has addresses of its own again."""
    excluded = exclusions_of(unit, block)
    _change(unit, block, {"subnetted": False, "reserved": excluded.count()})
    pools.restore(unit.connection, block.pool_id, block.first, block.last, lambda _: [])
    for span in excluded.spans():
        pools.withdraw(unit.connection, block.pool_id, *span)


def _store(
    unit: Unit,
    block: Block,
    changed: dict[str, Any],
    before: Exclusions,
    found: rules.Rules | None,
) -> Block:
    after = block_pools.exclusions(block.span, changed.get("gateway", block.gateway), found)
    changed["drawing"] = rules.drawing(found, block.version)
    if not block.subnetted and after != before:
        block_pools.reshape(unit, block, before, after)
        changed["reserved"] = after.count() - block_pools.excluded_in_use(unit, block, after)
    _change(unit, block, changed)
    return get(unit, block.id)


def _change(unit: Unit, block: Block, values: Mapping[str, Any]) -> None:
    c = ip_blocks.c
    unit.connection.execute(ip_blocks.update().where(c.id == block.id).values(values))
