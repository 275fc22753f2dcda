"""``reconcile``"""

from __future__ import annotations

import argparse

from nova_netplugins.ethernet.manage import parsing
from nova_netplugins.ethernet.manage.parsing import Actions
from nova_netplugins.netstack.net_api import NetstackNetApi
from nova_netplugins.plugin import Listing


def add(nouns: Actions) -> None:
    summary = "finish or undo what was broken off, and follow what others changed"
    parsing.command(nouns, "reconcile", _reconcile, summary)


def _reconcile(api: NetstackNetApi, args: argparse.Namespace) -> Listing:
    return Listing(("changed",), [[line] for line in api.reconcile()])
