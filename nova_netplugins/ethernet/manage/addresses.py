"""``fixed list | reserve | unreserve`` and ``floating create | delete | list``."""

from __future__ import annotations

import argparse

from nova_netplugins.ethernet.manage import parsing
from nova_netplugins.ethernet.manage.parsing import Actions
from nova_netplugins.ethernet.net_api import EthernetNetApi
from nova_netplugins.ethernet.rest.floating_ips import CREATE_RANGE
from nova_netplugins.plugin import Listing


def add_fixed(nouns: Actions) -> None:
    actions = parsing.noun(nouns, "fixed", "fixed addresses")
    listing = parsing.command(actions, "list", _fixed_list, "the addresses that are drawn")
    listing.add_argument("--network", metavar="UUID")
    listing.add_argument("--host", metavar="HOST", help="of instances on this compute host")
    for name, command, summary in (
        ("reserve", _reserve, "keep an address from being drawn"),
        ("unreserve", _unreserve, "let a reserved address be drawn again"),
    ):
        parser = parsing.command(actions, name, command, summary)
        parser.add_argument("--address", required=True, metavar="IP")
        parser.add_argument("--network", metavar="UUID", help="if several networks have it")


def _fixed_list(api: EthernetNetApi, args: argparse.Namespace) -> Listing:
    columns = ("network", "address", "state", "hostname", "instance", "host")
    rows = [[row[name] for name in columns] for row in api.drawn_addresses(args.network, args.host)]
    return Listing(columns, rows)


def _reserve(api: EthernetNetApi, args: argparse.Namespace) -> str:
    network_id = args.network or api.network_with(args.address)
    api.reserve_fixed_ip(network_id, args.address)
    return f"address {args.address} of network {network_id} is reserved"


def _unreserve(api: EthernetNetApi, args: argparse.Namespace) -> str:
    row = api.fixed_ip(args.address, args.network)
    api.unreserve_fixed_ip(row["network_id"], args.address)
    return f"address {args.address} of network {row['network_id']} can be drawn again"


# -- floating ----------------------------------------------------------------------------------


def add_floating(nouns: Actions) -> None:
    actions = parsing.noun(nouns, "floating", "floating addresses")
    create = parsing.command(actions, "create", _floating_create, "add addresses to a pool")
    create.add_argument("--ip_range", required=True, metavar="IP|CIDR")
    create.add_argument("--pool")
    create.add_argument("--interface", metavar="LINK")
    delete = parsing.command(
        actions, "delete", _floating_delete, "take an unused range out of its pool"
    )
    delete.add_argument("--ip_range", required=True, metavar="IP|CIDR")
    listing = parsing.command(
        actions, "list", _floating_list, "ranges, and the addresses lent of them"
    )
    listing.add_argument("--pool")


def _floating_create(api: EthernetNetApi, args: argparse.Namespace) -> str:
    asked = {"ip_range": args.ip_range, "pool": args.pool, "interface": args.interface}
    parsing.check("floating_range", asked, CREATE_RANGE)
    row = api.create_floating_range(**asked)
    where = row["interface"] or "public_interface of each host"
    return f"{row['cidr']} is in pool {row['pool']}, on {where}"


def _floating_delete(api: EthernetNetApi, args: argparse.Namespace) -> str:
    api.delete_floating_range(args.ip_range)
    return f"{args.ip_range} is deleted"


def _floating_list(api: EthernetNetApi, args: argparse.Namespace) -> Listing:
    columns = ("address", "pool", "interface", "project_id", "fixed_address", "virtual_nic_id")
    ranges = [
        [row["cidr"], row["pool"], row["interface"] or None, None, None, None]
        for row in api.floating_ranges()
    ]
    lent = [
        [row[name] or None for name in (*columns[:-1], "ethernet_card_id")]
        for row in api.rows(api.floating.select().order_by("created_at", "id"))
    ]
    chosen = [row for row in (*ranges, *lent) if args.pool in (None, row[1])]
    return Listing(columns, chosen)
