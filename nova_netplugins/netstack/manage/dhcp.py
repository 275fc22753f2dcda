"""``dhcp status | check``"""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Mapping
from typing import Any

from netkit.manage import FAILED
from nova_netplugins.ethernet.manage import parsing
from nova_netplugins.ethernet.manage.parsing import Actions
from nova_netplugins.ethernet.rows import utcnow
from nova_netplugins.netstack.drift import KINDS
from nova_netplugins.netstack.net_api import NetstackNetApi
from nova_netplugins.plugin import Listing, Outcome

_COLUMNS = (
    "network",
    "label",
    "host",
    "driver",
    "state",
    "allocated",
    "served",
    *KINDS,
    "examples",
    "checked_at",
    "drifted_at",
    "drift",
)

SILENT_SECONDS = 300.0
"""A host that compares so rarely, or less than every third time, counts as silent."""


def add(nouns: Actions) -> None:
    actions = parsing.noun(nouns, "dhcp", "what DHCP serves")
    summary = (
        "how far what each network's DHCP server served at the last look is from what Melange "
        "says; 1: somewhere it is not the same, or nobody looks"
    )
    parser = parsing.command(actions, "status", _status, summary)
    _which(parser)
    summary = (
        "have the hosts that serve networks compare now; without a message bus they do so at "
        "their next sync_interval"
    )
    _which(parsing.command(actions, "check", _check, summary))


def _which(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--network", metavar="UUID", help="default: all that have DHCP")


def _status(api: NetstackNetApi, args: argparse.Namespace) -> Outcome:
    interval = api.context.conf.service.sync_interval or 0.0
    silent = datetime.timedelta(seconds=max(SILENT_SECONDS, 3 * interval))
    rows = [
        _row(found["network"], found["report"], utcnow() - silent)
        for found in api.dhcp_reports(args.network)
    ]
    if not rows:
        return Outcome("no network has DHCP")
    is_fine = all(row["state"] == "in step" for row in rows)
    listing = Listing(_COLUMNS, [[row.get(name) for name in _COLUMNS] for row in rows])
    return Outcome(listing, 0 if is_fine else FAILED)


def _check(api: NetstackNetApi, args: argparse.Namespace) -> str:
    networks = [found["network"] for found in api.dhcp_reports(args.network)]
    for network in networks:
        api.prompts.network_changed(network["id"])
    return f"hosts are asked to compare, networks: {len(networks)}"


def _row(
    network: Mapping[str, Any], report: Mapping[str, Any] | None, oldest: datetime.datetime
) -> dict[str, Any]:
    shown = {"network": network["id"], "label": network["label"], "host": network["host"]}
    if report is None:
        unserved = network["host"] is None
        return shown | {"state": "no host serves it" if unserved else "its host does not report"}
    counts = {kind: report[kind]["count"] for kind in KINDS}
    state = "drifted" if any(counts.values()) else "in step"
    return {
        **shown,
        **counts,
        **{name: report[name] for name in ("driver", "allocated", "served", "drift")},
        "state": state if report["checked_at"] > oldest else "its host reports no more",
        "examples": [f"{kind} {one}" for kind in KINDS for one in report[kind]["examples"]],
        "checked_at": _time(report["checked_at"]),
        "drifted_at": _time(report["drifted_at"]),
    }


def _time(at: datetime.datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%S}"
