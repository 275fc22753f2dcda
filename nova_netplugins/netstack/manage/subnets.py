"""``subnet create | list | delete``: blocks of Melange."""

from __future__ import annotations

import argparse
from typing import Any

from nova_netplugins.ethernet.manage import parsing
from nova_netplugins.ethernet.manage.parsing import Actions
from nova_netplugins.netstack.model import Block
from nova_netplugins.netstack.net_api import NetstackNetApi
from nova_netplugins.netstack.rest import networks as rest
from nova_netplugins.plugin import Listing

_COLUMNS = ("id", "version", "cidr", "gateway", "dns", "priority")


def add(nouns: Actions) -> None:
    actions = parsing.noun(nouns, "subnet", "blocks of addresses on networks")
    create = on_network(parsing.command(actions, "create", _create, "add addresses to a network"))
    create.add_argument("--cidr", required=True)
    create.add_argument("--gateway", metavar="IP", help="default: the first address; '': none")
    create.add_argument("--dns", metavar="IP", action="append", help="at most twice")
    create.add_argument("--priority", type=int, metavar="N", help="lowest comes first")
    on_network(parsing.command(actions, "list", _list, "those of a network, as Melange has them"))
    delete = on_network(
        parsing.command(actions, "delete", _delete, "remove one whose addresses nobody has")
    )
    delete.add_argument("--uuid", required=True)


def on_network(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--network", required=True, metavar="UUID")
    return parser


def _create(api: NetstackNetApi, args: argparse.Namespace) -> Listing:
    names = ("cidr", "gateway", "dns", "priority")
    wishes: dict[str, Any] = {name: getattr(args, name) for name in names}
    given = {name: value for name, value in wishes.items() if value is not None}
    parsing.check("subnet", given, rest.CREATE_SUBNET)
    return _subnets([api.create_subnet(args.network, rest.subnet_spec(given))])


def _list(api: NetstackNetApi, args: argparse.Namespace) -> Listing:
    return _subnets(api.list_subnets(args.network))


def _subnets(blocks: list[Block]) -> Listing:
    shown = [{**rest.show_subnet(block), "dns": ", ".join(block.dns) or None} for block in blocks]
    return Listing(_COLUMNS, [[one[name] for name in _COLUMNS] for one in shown])


def _delete(api: NetstackNetApi, args: argparse.Namespace) -> str:
    api.delete_subnet(args.network, args.uuid)
    return f"subnet {args.uuid} of network {args.network} is deleted"
