"""``import blocks | interfaces | addresses``: brings in what exists already, in use or not.

What is there with the same values is left as it is, so that a file may be imported again. Each
change is in the audit log. Events tell of none: nothing has happened to what was only made known.
Quotas bound blocks and interfaces as ever, but not addresses, which are in use anyhow.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterator, Sequence

from melange.ipam.unit import Unit
from melange.manage import adopting, portable, restoring
from melange.manage.portable import Line
from melange.manage.report import REFUSED, Report
from melange.manage.tool import Subparsers, Tool
from netkit.manage import FAILED, Outcome

CHUNK = 5000
"""Lines that are worked on at once."""

Lines = Sequence[tuple[int, Line]]

_KINDS: dict[str, Callable[[Unit, Lines, Report], None]] = {
    "blocks": restoring.blocks,
    "interfaces": restoring.interfaces,
    "addresses": adopting.addresses,
}


class _Undo(Exception):
    """Rolls the transaction back."""

    def __init__(self, report: Report, why: str) -> None:
        super().__init__(why)
        self.report = report
        self.why = why


def add_command(nouns: Subparsers) -> None:
    command = nouns.add_parser(
        "import", help="bring in blocks, interfaces or addresses from a file; 1: lines were refused"
    )
    command.add_argument("kind", choices=tuple(portable.FIELDS))
    command.add_argument("file", metavar="FILE")
    command.add_argument("--as", dest="file_format", choices=portable.FORMATS)
    command.add_argument("--dry-run", action="store_true", help="change nothing, and tell")
    command.add_argument(
        "--partial",
        action="store_true",
        help=f"import what can be, though other lines are refused; {CHUNK} in a transaction",
    )
    command.add_argument("--report", metavar="FILE", help="a CSV file: what became of each line")
    command.set_defaults(command=_import)


def _import(tool: Tool, args: argparse.Namespace) -> Outcome:
    tool.require_tables()
    report, undone = Report(), None
    if args.partial and not args.dry_run:
        for chunk in _chunks(args):
            report.extend(tool.quietly(lambda unit, chunk=chunk: _work(unit, args, [chunk])))  # type: ignore[misc]
    else:
        try:
            report = tool.quietly(lambda unit: _whole(unit, args))
        except _Undo as undo:
            report, undone = undo.report, undo.why
    if args.report:
        report.write(args.report)
    return Outcome(report.listing(undone), FAILED if report.counts[REFUSED] else 0)


def _whole(unit: Unit, args: argparse.Namespace) -> Report:
    report = _work(unit, args, _chunks(args))
    if args.dry_run:
        raise _Undo(report, "this was a dry run: nothing is changed")
    if report.counts[REFUSED]:
        raise _Undo(report, "nothing is changed, as lines were refused and --partial isn't given")
    return report


def _work(unit: Unit, args: argparse.Namespace, chunks: Iterator[Lines] | list[Lines]) -> Report:
    report = Report()
    for chunk in chunks:
        _KINDS[args.kind](unit, chunk, report)
        # Now, and not at the end: a hundred thousand records would be in memory till then.
        unit.write_audit()
        unit.records.clear()
    return report


def _chunks(args: argparse.Namespace) -> Iterator[Lines]:
    format = portable.format_of(args.file, args.file_format)
    found = portable.read(args.file, format, portable.FIELDS[args.kind])
    while chunk := list(itertools.islice(found, CHUNK)):
        yield chunk
