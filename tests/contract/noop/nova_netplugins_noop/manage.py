"""The management tool of noop: ``nova-netplugins-manage noop nic list``."""

from __future__ import annotations

import argparse

from nova_netplugins.plugin import Listing, NetApi

COLUMNS = ("id", "project_id", "instance_id", "network_id", "mac_address", "host", "status")


def add_commands(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    nic = nouns.add_parser("nic", help="virtual NICs")
    actions = nic.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="the virtual NICs")
    listing.add_argument("--instance", metavar="ID", help="only those of this instance")
    listing.set_defaults(command=_list)


def _list(api: NetApi, args: argparse.Namespace) -> Listing:
    nics = api.list_virtual_nics(instance_id=args.instance)
    return Listing(COLUMNS, [[getattr(nic, name) for name in COLUMNS] for nic in nics])
