"""Addresses of an import: made known as they are, in use or in quarantine, thousands at once."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from melange.db.tables import POOLS, interfaces, ip_addresses, ip_blocks
from melange.identifiers import new_id
from melange.ipam import addresses as ipam_addresses
from melange.ipam import addressing, blocks, usage
from melange.ipam.blocks import Block
from melange.ipam.unit import Unit
from melange.manage import owners
from melange.manage.portable import Line, truth
from melange.manage.report import CREATED, REFUSED, UNCHANGED, Report
from netkit.db import Retry
from netkit.errors import ServiceError
from netkit.pool import WideInteger, bulk

Lines = Sequence[tuple[int, Line]]

_AT_ONCE = 1000


@dataclass(frozen=True)
class Entry:
    """One line, read. ``owner``: the interface's name, NAMELESS, or None."""

    line: int
    block: Block
    value: int
    owner: str | None
    tenant_id: str | None
    device_id: str | None
    floating: bool
    deallocated_at: datetime.datetime | None
    quarantined_until: datetime.datetime | None

    @property
    def name(self) -> str:
        return addressing.address_text(self.block.version, self.value)


def addresses(unit: Unit, lines: Lines, report: Report) -> None:
    by_block: dict[str, list[Entry]] = defaultdict(list)
    known: dict[tuple[Any, ...], Block | str] = {}
    for number, line in lines:
        try:
            entry = _entry(unit, number, line, known)
        except (ServiceError, ValueError) as error:
            report.add(REFUSED, number, str(line["address"] or "-"), str(error))
        else:
            by_block[entry.block.id].append(entry)
    for block_id in sorted(by_block):
        _of_block(unit, by_block[block_id], report)


def _entry(unit: Unit, number: int, line: Line, known: dict[tuple[Any, ...], Block | str]) -> Entry:
    """Raises ServiceError, ValueError."""
    key = tuple(
        line[name] for name in ("block_id", "block_tenant_id", "block_cidr", "block_network_id")
    )
    if key not in known:
        known[key] = _block(unit, *key)
    block = known[key]
    if isinstance(block, str):
        raise ValueError(block)
    version, value = addressing.parse_address(str(line["address"] or ""))
    if version != block.version or not block.first <= value <= block.last:
        raise ValueError(f"it is not of block {block.cidr}")
    released = [_moment(line[name]) for name in ("deallocated_at", "quarantined_until")]
    if (released[0] is None) != (released[1] is None):
        raise ValueError("deallocated_at and quarantined_until go together")
    if released[0] is not None and line["interface_id"]:
        raise ValueError("an address that is released has no interface")
    return Entry(
        number,
        block,
        value,
        line["interface_id"],
        line["tenant_id"],
        line["device_id"],
        truth(line["floating"]),
        released[0],
        released[1],
    )


def _block(
    unit: Unit, block_id: str | None, tenant_id: str | None, cidr: str | None, network: str | None
) -> Block | str:
    """The block, which nobody changes till the commit, or why there is none."""
    c = ip_blocks.c
    query = sa.select(ip_blocks)
    if block_id is not None:
        query = query.where(c.id == block_id)
    elif cidr is None:
        return "neither block_id nor block_cidr says of which block it is"
    else:
        query = query.where(c.cidr == addressing.parse_cidr(cidr).cidr)
        query = query.where(c.tenant_id == tenant_id) if tenant_id else query
        query = query.where(c.network_id == network) if network else query
    # Shared: addresses that are being made refer to the block, and need not wait for us.
    rows = unit.connection.execute(query.limit(2).with_for_update(read=True)).all()
    if len(rows) != 1:
        said = block_id or " ".join(text for text in (cidr, tenant_id, network) if text)
        return f"there is no block {said}" if not rows else f"there are several blocks {said}"
    block = blocks.of_row(rows[0])
    if block.subnetted:
        return f"block {block.cidr} has subnets: give the one that the address is of"
    return block


def _moment(value: Any) -> datetime.datetime | None:
    if value is None:
        return None
    found = datetime.datetime.fromisoformat(str(value))
    return found.astimezone(datetime.UTC).replace(tzinfo=None) if found.tzinfo else found


def _of_block(unit: Unit, entries: list[Entry], report: Report) -> None:
    block = entries[0].block
    there = _rows(unit, block, [entry.value for entry in entries])
    fresh: dict[int, Entry] = {}
    for entry in entries:
        if entry.value in fresh:
            report.add(REFUSED, entry.line, entry.name, "the address is given twice")
        elif entry.value not in there:
            fresh[entry.value] = entry
        elif why := _difference(there[entry.value], entry):
            report.add(REFUSED, entry.line, entry.name, why)
        else:
            report.add(UNCHANGED, entry.line, entry.name)
    owned = owners.resolve(unit, block, list(fresh.values()))
    wanted = []
    for entry in fresh.values():
        owner = owned[entry.line]
        if isinstance(owner, str):
            report.add(REFUSED, entry.line, entry.name, owner)
        else:
            wanted.append((entry, owner))
    _adopt(unit, block, wanted, report)


def _difference(row: sa.Row[Any], entry: Entry) -> str | None:
    owner = owners.NAMELESS if row.anonymous_tenant is not None else row.vif_id
    for name, found, wanted in (
        ("interface", owner, entry.owner),
        ("tenant", row.used_by_tenant_id, entry.tenant_id or row.used_by_tenant_id),
        ("device", row.device_id, entry.device_id or row.device_id),
        ("floating", bool(row.floating), entry.floating),
        ("deallocated_at", row.deallocated_at, entry.deallocated_at),
        ("quarantined_until", row.quarantined_until, entry.quarantined_until),
    ):
        if found != wanted:
            return f"it is there, with {name} {found} and not {wanted}"
    return None


def _rows(unit: Unit, block: Block, values: Sequence[int]) -> dict[int, sa.Row[Any]]:
    a, i = ip_addresses.c, interfaces.c
    joined = ip_addresses.outerjoin(interfaces, i.id == a.interface_id)
    query = sa.select(ip_addresses, i.vif_id, i.anonymous_tenant, i.device_id).select_from(joined)
    found = {}
    for some in _batches(values):
        # Constants: with parameters PostgreSQL compares each row with each of them, when it has a
        # plan ready from before the rows came.
        listed = sa.bindparam(
            "listed", some, type_=WideInteger, expanding=True, literal_execute=True
        )
        here = query.where(a.ip_block_id == block.id, a.value.in_(listed))
        found.update({row.value: row for row in unit.connection.execute(here)})
    return found


def _adopt(
    unit: Unit, block: Block, wanted: list[tuple[Entry, owners.Owner]], report: Report
) -> None:
    excluded = blocks.exclusions_of(unit, block)
    values = [entry.value for entry, _ in wanted]
    spans = bulk.take_many(POOLS, unit.connection, block.pool_id, values)
    taken = {value for span in spans for value in range(span.first, span.last + 1)}
    reserved = {value for value in values if excluded.why(value) is not None}
    lost = [value for value in values if value not in taken and value not in reserved]
    if lost and _rows(unit, block, lost):
        raise Retry("somebody has drawn some of the addresses meanwhile")
    made = []
    for entry, owner in wanted:
        if entry.value in taken or entry.value in reserved:
            made.append((entry, owner))
            report.add(CREATED, entry.line, entry.name)
        else:
            why = "it is neither free nor in use: melange-manage check tells more"
            report.add(REFUSED, entry.line, entry.name, why)
    for some in _batches(made):
        ipam_addresses.insert(unit, [_row(unit, entry, owner) for entry, owner in some])
    _count(unit, block, made)
    if reserved:
        left = blocks.get(unit, block.id).reserved - len(reserved)
        change = ip_blocks.update().where(ip_blocks.c.id == block.id)
        unit.connection.execute(change.values(reserved=left))


def _row(unit: Unit, entry: Entry, owner: owners.Owner) -> dict[str, Any]:
    address_id = new_id()
    row = {
        "id": address_id,
        "ip_block_id": entry.block.id,
        "value": entry.value,
        "version": entry.block.version,
        "interface_id": owner.interface_id,
        "used_by_tenant_id": owner.tenant_id,
        "deallocated_at": entry.deallocated_at,
        "quarantined_until": entry.quarantined_until,
        "floating": entry.floating,
        "created_at": unit.now,
        "updated_at": unit.now,
    }
    told = {
        "id": address_id,
        "ip_block_id": entry.block.id,
        "address": entry.name,
        "used_by_tenant": owner.tenant_id,
        "interface_id": entry.owner,
        "deallocated_at": entry.deallocated_at,
    }
    unit.record("import", "ip_address", address_id, owner.tenant_id, after=told)
    return row


def _count(unit: Unit, block: Block, made: list[tuple[Entry, owners.Owner]]) -> None:
    counts: Counter[tuple[str, bool]] = Counter(
        (owner.tenant_id, entry.deallocated_at is None) for entry, owner in made
    )
    for (tenant_id, allocated), count in counts.items():
        what = "allocated" if allocated else "quarantined"
        usage.add(unit.connection, block.id, tenant_id, **{what: count})


def _batches(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
