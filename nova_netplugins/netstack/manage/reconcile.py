"""``reconcile [--logged]``"""

from __future__ import annotations

import argparse

from nova_netplugins.ethernet.manage import parsing
from nova_netplugins.ethernet.manage.parsing import Actions
from nova_netplugins.netstack.net_api import NetstackNetApi
from nova_netplugins.plugin import Listing


def add(nouns: Actions) -> None:
    summary = "finish or undo what was broken off, and follow what others changed"
    parser = parsing.command(nouns, "reconcile", _reconcile, summary)
    parser.add_argument(
        "--logged",
        action="store_true",
        help="of allowed addresses only what Melange's audit log tells of since the last look, as "
        "the net-services do; without this Melange is asked for those of each virtual NIC",
    )


def _reconcile(api: NetstackNetApi, args: argparse.Namespace) -> Listing:
    return Listing(("changed",), [[line] for line in api.reconcile(logged=args.logged)])
