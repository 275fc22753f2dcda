"""``purge``: what is due or too old to be kept. To be run daily or so, while servers run."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from melange.api import idempotency
from melange.errors import IpBlockNotFound
from melange.events import webhooks
from melange.ipam import audit, quarantine
from melange.ipam.unit import Unit
from melange.manage.tool import Subparsers, Tool
from netkit.manage import Outcome
from netkit.output import Listing

_BATCH = 1000


def add_command(nouns: Subparsers) -> None:
    purge = nouns.add_parser(
        "purge",
        help="make released addresses free whose rest is over; forget old idempotency keys, audit"
        " records and webhook deliveries",
    )
    purge.set_defaults(command=_purge)


def addresses_only(tool: Tool, args: argparse.Namespace) -> Outcome:
    """What melange-delete-deallocated-ips does."""
    tool.require_tables()
    count = _purge_addresses(tool)
    return Outcome(f"{count} addresses were due" if args.verbose else "")


def _purge_addresses(tool: Tool) -> int:
    """Of all blocks; returns how many addresses were due."""
    with tool.reading() as unit:
        blocks = quarantine.blocks_with_due(unit)
    count = 0
    for block in blocks:
        try:
            count += _all(tool, lambda unit, block=block: quarantine.reclaim(unit, block))  # type: ignore[misc]
        except IpBlockNotFound:
            # Deleted since we looked, its addresses with it.
            continue
    return count


def _purge(tool: Tool, args: argparse.Namespace) -> Outcome:
    tool.require_tables()
    keep = tool.conf.webhooks.keep_days
    rows = [
        ("addresses", _purge_addresses(tool)),
        ("idempotency keys", _all(tool, lambda unit: idempotency.purge(unit, _BATCH))),
        ("audit records", _all(tool, lambda unit: audit.purge(unit, _BATCH))),
        ("webhook deliveries", _all(tool, lambda unit: webhooks.purge(unit, keep, _BATCH))),
    ]
    return Outcome(Listing(("what", "purged"), rows))


def _all(tool: Tool, batch: Callable[[Unit], int]) -> int:
    """Batches in transactions of their own, until there is nothing left."""
    count = 0
    while found := tool.change(batch):
        count += found
    return count
