"""``nic list | show | delete``."""

from __future__ import annotations

import argparse
from typing import Any

from nova_netplugins.ethernet.manage import parsing
from nova_netplugins.ethernet.manage.parsing import Actions
from nova_netplugins.ethernet.rows import Row
from nova_netplugins.netstack.net_api import NetstackNetApi
from nova_netplugins.plugin import Listing

_FILTERS = ("network_id", "project_id", "instance_id", "host")
_COLUMNS = (
    "id",
    "network_id",
    "project_id",
    "instance_id",
    "mac_address",
    "addresses",
    "host",
    "status",
)
_MORE = ("allowed", "hostname", "port_id", "port_security", "default_route")


def add(nouns: Actions) -> None:
    actions = parsing.noun(nouns, "nic", "virtual NICs")
    listing = parsing.command(actions, "list", _list, "all, or some of the virtual NICs")
    listing.add_argument("--network", dest="network_id", metavar="UUID")
    listing.add_argument("--project", dest="project_id", metavar="PROJECT")
    listing.add_argument("--instance", dest="instance_id", metavar="UUID")
    listing.add_argument("--host", metavar="HOST", help="on this compute host")
    for name, command, summary in (
        ("show", _show, "everything about one virtual NIC"),
        ("delete", _delete, "take one from its instance, and give back what it has"),
    ):
        parsing.command(actions, name, command, summary).add_argument("--uuid", required=True)


def _list(api: NetstackNetApi, args: argparse.Namespace) -> Listing:
    columns = api.nic_columns
    asked = {name: getattr(args, name) for name in _FILTERS}
    where = [columns[name] == value for name, value in asked.items() if value is not None]
    rows = api.rows(api.nic_rows(*where).order_by("created_at", "id"))
    return Listing(_COLUMNS, [[_columns(row)[name] for name in _COLUMNS] for row in rows])


def _columns(row: Row) -> dict[str, Any]:
    addresses = ", ".join(address["address"] for address in row["addresses"])
    allowed = ", ".join(address for address, _ in row["allowed"])
    return {**row, "addresses": addresses or None, "allowed": allowed or None}


def _show(api: NetstackNetApi, args: argparse.Namespace) -> Listing:
    row = _columns(api.nic_row(args.uuid))
    return Listing(("field", "value"), [[name, row[name]] for name in (*_COLUMNS, *_MORE)])


def _delete(api: NetstackNetApi, args: argparse.Namespace) -> str:
    api.delete_virtual_nic(args.uuid)
    return f"virtual NIC {args.uuid} is deleted"
