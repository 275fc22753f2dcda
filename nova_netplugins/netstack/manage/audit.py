"""``audit [--repair]``"""

from __future__ import annotations

import argparse

from netkit.manage import FAILED
from nova_netplugins.ethernet.manage.parsing import Actions
from nova_netplugins.netstack.audit import audit
from nova_netplugins.netstack.net_api import NetstackNetApi
from nova_netplugins.plugin import Listing, Outcome

_COLUMNS = ("finding", "where", "id", "network", "why", "repair", "first_seen", "repaired", "note")


def add(nouns: Actions) -> None:
    summary = (
        "compare instances, ports and Melange's interfaces, and name what belongs to nobody or "
        "contradicts itself; 1: something does"
    )
    parser = nouns.add_parser("audit", help=summary, description=summary, allow_abbrev=False)
    parser.set_defaults(command=_audit)
    parser.add_argument(
        "--repair",
        action="store_true",
        help="make what is missing again, and delete what belongs to nobody once audits have seen "
        "it for [netstack] reclaim_after seconds; without this nothing is changed",
    )


def _audit(api: NetstackNetApi, args: argparse.Namespace) -> Outcome:
    """Exit code 1 when anything was found that is not repaired now."""
    found = audit(api, repair=args.repair)
    if not found:
        return Outcome("nothing is wrong")
    rows = [
        (
            one.finding.kind.name,
            one.finding.kind.where,
            one.finding.id,
            one.finding.network_id,
            one.finding.why,
            one.finding.kind.repair,
            None if one.first_seen is None else f"{one.first_seen:%Y-%m-%dT%H:%M:%S}",
            one.repaired,
            one.note or None,
        )
        for one in found
    ]
    return Outcome(Listing(_COLUMNS, rows), 0 if all(one.repaired for one in found) else FAILED)
