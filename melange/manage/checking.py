"""``check``: proves that pools, rows and counters agree; ``--repair`` makes them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import NamedTuple

import sqlalchemy as sa

from melange.db.tables import ip_blocks
from melange.errors import IpBlockNotFound, MacAddressRangeNotFound
from melange.ipam import blocks, macs
from melange.ipam.unit import Unit
from melange.manage import consistency, leftovers, repair
from melange.manage.consistency import Finding
from melange.manage.tool import Subparsers, Tool
from netkit.manage import FAILED, Outcome
from netkit.output import Listing

COLUMNS = ("object", "id", "cidr", "finding", "repaired")


class _Subject(NamedTuple):
    """Something to look at, in a transaction of its own."""

    kind: str
    id: str
    cidr: str | None
    look: Callable[[Unit], list[Finding]]
    mend: Callable[[Unit], list[Finding]]


def add_command(nouns: Subparsers) -> None:
    check = nouns.add_parser(
        "check",
        help="find out whether pools, addresses and counters agree, while servers run; 1: they"
        " do not",
    )
    check.add_argument("--block", metavar="ID", help="only this block")
    check.add_argument(
        "--repair",
        action="store_true",
        help="make pools and counters agree with the addresses, one block after the other; who"
        " wants something of a block meanwhile waits",
    )
    check.set_defaults(command=_check)


def _check(tool: Tool, args: argparse.Namespace) -> Outcome:
    """Exit code 1 when anything was found that is not repaired now."""
    tool.require_tables()
    rows = []
    for subject in list(_subjects(tool, args.block)):
        left = found = _look(tool, subject)
        if found and args.repair:
            found = _mended(tool, subject)
            left = _look(tool, subject)
        for finding in found:
            mended = finding.text not in {one.text for one in left} if args.repair else False
            rows.append((subject.kind, subject.id, subject.cidr, finding.text, mended))
    if not rows:
        return Outcome("nothing is wrong")
    return Outcome(Listing(COLUMNS, rows), 0 if all(row[-1] for row in rows) else FAILED)


def _look(tool: Tool, subject: _Subject) -> list[Finding]:
    try:
        with tool.reading() as unit:
            return subject.look(unit)
    except (IpBlockNotFound, MacAddressRangeNotFound):
        # Deleted since they were listed.
        return []


def _mended(tool: Tool, subject: _Subject) -> list[Finding]:
    try:
        return tool.change(subject.mend)
    except (IpBlockNotFound, MacAddressRangeNotFound):
        return []


def _subjects(tool: Tool, block_id: str | None) -> Iterator[_Subject]:
    b = ip_blocks.c
    query = sa.select(b.id, b.cidr).order_by(b.id)
    with tool.reading() as unit:
        if block_id is not None:
            blocks.get(unit, block_id)
            query = query.where(b.id == block_id)
        found = unit.connection.execute(query).all()
        ranges = macs.ranges(unit) if block_id is None else []
    for row in found:
        yield _Subject("ip block", row.id, row.cidr, _look_at(row.id), _mend_block(row.id))
    for one in ranges:
        yield _Subject("mac range", one.id, one.cidr, _look_at_range(one.id), _mend_range(one.id))
    if block_id is None:
        yield _Subject("rows", "-", None, leftovers.orphans, leftovers.repair_orphans)


def _look_at(block_id: str) -> Callable[[Unit], list[Finding]]:
    return lambda unit: consistency.findings(unit, blocks.get(unit, block_id))


def _mend_block(block_id: str) -> Callable[[Unit], list[Finding]]:
    return lambda unit: repair.repair(unit, block_id)


def _look_at_range(range_id: str) -> Callable[[Unit], list[Finding]]:
    return lambda unit: leftovers.of_range(unit, macs.get_range(unit, range_id))


def _mend_range(range_id: str) -> Callable[[Unit], list[Finding]]:
    return lambda unit: leftovers.repair_range(unit, range_id)
