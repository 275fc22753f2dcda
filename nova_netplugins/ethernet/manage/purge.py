"""``purge --days N``"""

from __future__ import annotations

import argparse

from nova_netplugins.ethernet.manage import parsing
from nova_netplugins.ethernet.manage.parsing import Actions
from nova_netplugins.ethernet.net_api import EthernetNetApi
from nova_netplugins.plugin import Listing


def add_purge(nouns: Actions) -> None:
    summary = "remove for good what was deleted long ago"
    parser = parsing.command(nouns, "purge", _purge, summary)
    parser.add_argument(
        "--days", type=_days, required=True, metavar="N", help="deleted at least so many days ago"
    )


def _days(text: str) -> int:
    if text.isdecimal() and int(text) <= 36500:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of days from 0 to 36500")


def _purge(api: EthernetNetApi, args: argparse.Namespace) -> Listing:
    nics, networks = api.purge_deleted(args.days)
    return Listing(("what", "purged"), [("virtual NICs", nics), ("networks", networks)])
