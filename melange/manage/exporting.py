"""``export blocks | interfaces | addresses``."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from melange.db.tables import interfaces, ip_addresses, ip_blocks, mac_addresses
from melange.ipam import addressing, eui
from melange.ipam.unit import Unit
from melange.manage import portable
from melange.manage.owners import NAMELESS
from melange.manage.tool import Subparsers, Tool
from netkit.manage import Outcome

_BATCH = 5000


def add_command(nouns: Subparsers) -> None:
    export = nouns.add_parser("export", help="write blocks, interfaces or addresses to a file")
    export.add_argument("kind", choices=tuple(portable.FIELDS))
    export.add_argument("--as", dest="file_format", choices=portable.FORMATS, default="csv")
    export.add_argument("--output", metavar="FILE", help="instead of the standard output stream")
    export.add_argument("--tenant", metavar="ID", help="only what is this tenant's")
    export.set_defaults(command=_export)


def _export(tool: Tool, args: argparse.Namespace) -> Outcome:
    tool.require_tables()
    names = portable.FIELDS[args.kind]
    with contextlib.ExitStack() as stack:
        stream = sys.stdout
        if args.output:
            stream = stack.enter_context(open(args.output, "w", newline="", encoding="utf-8"))
        unit = stack.enter_context(tool.reading())
        portable.write(stream, args.file_format, names, _KINDS[args.kind](unit, args.tenant))
    return Outcome("")


def _blocks(unit: Unit, tenant_id: str | None) -> Iterator[dict[str, Any]]:
    """Each before its subnets."""
    c = ip_blocks.c
    query = sa.select(*(c[name] for name in portable.FIELDS["blocks"])).order_by(c.id)
    if tenant_id is not None:
        query = query.where(c.tenant_id == tenant_id)
    rows = unit.connection.execute(query).all()
    ids = {row.id for row in rows}
    below = defaultdict(list)
    for row in rows:
        below[row.parent_id if row.parent_id in ids else None].append(row)
    waiting = deque(below[None])
    while waiting:
        row = waiting.popleft()
        yield dict(row._mapping)
        waiting.extend(below[row.id])


def _interfaces(unit: Unit, tenant_id: str | None) -> Iterator[dict[str, Any]]:
    i, m = interfaces.c, mac_addresses.c
    query = (
        sa.select(i.vif_id.label("interface_id"), i.tenant_id, i.device_id, m.address)
        .select_from(interfaces.outerjoin(mac_addresses, m.interface_id == i.id))
        .order_by(i.id)
    )
    if tenant_id is not None:
        query = query.where(i.tenant_id == tenant_id)
    for row in unit.connection.execute(query.execution_options(yield_per=_BATCH)):
        line = dict(row._mapping)
        mac = line.pop("address")
        yield {**line, "mac_address": None if mac is None else eui.mac_text(mac)}


def _addresses(unit: Unit, tenant_id: str | None) -> Iterator[dict[str, Any]]:
    a, b, i = ip_addresses.c, ip_blocks.c, interfaces.c
    joined = ip_addresses.join(ip_blocks, b.id == a.ip_block_id).outerjoin(
        interfaces, i.id == a.interface_id
    )
    nameless = sa.case((i.anonymous_tenant.is_not(None), sa.literal(NAMELESS)), else_=i.vif_id)
    query = sa.select(
        b.id.label("block_id"),
        b.tenant_id.label("block_tenant_id"),
        b.cidr.label("block_cidr"),
        b.network_id.label("block_network_id"),
        a.value,
        a.version,
        nameless.label("interface_id"),
        a.used_by_tenant_id.label("tenant_id"),
        i.device_id,
        a.floating,
        a.deallocated_at,
        a.quarantined_until,
    ).select_from(joined)
    if tenant_id is not None:
        query = query.where(b.tenant_id == tenant_id)
    query = query.order_by(a.ip_block_id, a.value).execution_options(yield_per=_BATCH)
    for row in unit.connection.execute(query):
        line = dict(row._mapping)
        version, value = line.pop("version"), line.pop("value")
        yield {**line, "address": addressing.address_text(version, value)}


_KINDS: dict[str, Callable[[Unit, str | None], Iterator[dict[str, Any]]]] = {
    "blocks": _blocks,
    "interfaces": _interfaces,
    "addresses": _addresses,
}
