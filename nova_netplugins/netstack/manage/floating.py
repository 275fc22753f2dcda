"""``floating pools | allocate | release | list``: Melange's, of which netstack keeps nothing."""

from __future__ import annotations

import argparse

from nova_netplugins import plugin
from nova_netplugins.ethernet.manage import parsing
from nova_netplugins.ethernet.manage.parsing import Actions
from nova_netplugins.ethernet.rest.lent_ips import CREATE
from nova_netplugins.netstack.net_api import NetstackNetApi
from nova_netplugins.plugin import Listing

_COLUMNS = ("address", "pool", "project_id", "fixed_address", "virtual_nic_id")


def add(nouns: Actions) -> None:
    actions = parsing.noun(nouns, "floating", "floating addresses")
    parsing.command(actions, "pools", _pools, "the public blocks that Melange shares")
    listing = parsing.command(actions, "list", _list, "the addresses that projects have")
    listing.add_argument("--project", metavar="PROJECT")
    listing.add_argument("--pool")
    allocate = parsing.command(actions, "allocate", _allocate, "give a project an address")
    allocate.add_argument("--project", required=True, metavar="PROJECT")
    allocate.add_argument("--pool", help="default: the first that has one")
    allocate.add_argument("--address", metavar="IP", help="default: the next free one")
    release = parsing.command(actions, "release", _release, "take it back")
    release.add_argument("--address", required=True, metavar="IP")


def _pools(api: NetstackNetApi, args: argparse.Namespace) -> Listing:
    pools = api.floating_pools()
    rows = [[name, block.cidr, block.id] for name, blocks in pools.items() for block in blocks]
    return Listing(("pool", "cidr", "block"), rows)


def _list(api: NetstackNetApi, args: argparse.Namespace) -> Listing:
    found = api.list_floating_ips(args.project)
    return _floating_ips([one for one in found if args.pool in (None, one.pool)])


def _allocate(api: NetstackNetApi, args: argparse.Namespace) -> Listing:
    asked = {"project_id": args.project, "pool": args.pool, "address": args.address}
    parsing.check("floating_ip", asked, CREATE)
    return _floating_ips([api.allocate_floating_ip(**asked)])


def _floating_ips(found: list[plugin.FloatingIp]) -> Listing:
    return Listing(_COLUMNS, [[getattr(one, name) for name in _COLUMNS] for one in found])


def _release(api: NetstackNetApi, args: argparse.Namespace) -> str:
    api.release_floating_ip(args.address)
    return f"{args.address} is released"
