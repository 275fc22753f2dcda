"""``reconcile [--logged]``"""

from __future__ import annotations

import argparse

from netkit.manage import FAILED
from nova_netplugins.ethernet.manage import parsing
from nova_netplugins.ethernet.manage.parsing import Actions
from nova_netplugins.netstack.net_api import NetstackNetApi
from nova_netplugins.netstack.reconciler import NotDone
from nova_netplugins.plugin import Listing, Outcome


def add(nouns: Actions) -> None:
    summary = (
        "finish or undo what was broken off, and follow what others changed; 1: some of it could "
        "not be done now"
    )
    parser = parsing.command(nouns, "reconcile", _reconcile, summary)
    parser.add_argument(
        "--logged",
        action="store_true",
        help="of allowed addresses only what Melange's audit log tells of since the last look, as "
        "the net-services do; without this Melange is asked for those of each virtual NIC",
    )


def _reconcile(api: NetstackNetApi, args: argparse.Namespace) -> Outcome:
    """Exit code 1 when anything stays to be done."""
    lines = api.reconcile(logged=args.logged)
    listing = Listing(("changed",), [[line] for line in lines])
    return Outcome(listing, FAILED if any(isinstance(line, NotDone) for line in lines) else 0)
