"""``address list | show | allocate | release | allow | forbid | hold | resign``: those that several
virtual NICs may send from, which Melange decides."""

from __future__ import annotations

import argparse

from nova_netplugins.ethernet.manage import parsing
from nova_netplugins.ethernet.manage.parsing import Actions
from nova_netplugins.netstack.addresses import SharedAddress
from nova_netplugins.netstack.manage.subnets import on_network
from nova_netplugins.netstack.net_api import NetstackNetApi
from nova_netplugins.netstack.rest.ports import normal_address
from nova_netplugins.netstack.rest.shared_addresses import CREATE, HOLD
from nova_netplugins.plugin import Listing
from nova_netplugins.wire import to_dict

_COLUMNS = ("address", "network_id", "project_id", "virtual_nic_ids")
_MORE = ("id", "version", "subnet_id", "holder")


def add(nouns: Actions) -> None:
    actions = parsing.noun(nouns, "address", "addresses that several virtual NICs may send from")
    listing = parsing.command(actions, "list", _list, "those that virtual NICs share")
    listing.add_argument("--network", metavar="UUID", help="default: all")
    listing.add_argument("--project", metavar="PROJECT")
    allocate = on_network(
        parsing.command(actions, "allocate", _allocate, "let virtual NICs of a project share one")
    )
    allocate.add_argument("--project", dest="project_id", required=True, metavar="PROJECT")
    allocate.add_argument(
        "--nic",
        dest="virtual_nic_ids",
        required=True,
        metavar="UUID",
        action="append",
        help="once for each that shares it",
    )
    allocate.add_argument("--address", metavar="IP", help="default: the next free one")
    allocate.add_argument("--version", type=int, metavar="N", help="default: 4, or the address's")
    _add_of_network(actions)
    _add_of_nic(actions)


def _add_of_network(actions: Actions) -> None:
    for name, command, summary in (
        ("show", _show, "everything about one, and which virtual NIC has it now"),
        ("release", _release, "take it back: no virtual NIC may send from it any more"),
        ("hold", _hold, "say which virtual NIC has it now"),
        ("resign", _resign, "say that none has it now"),
    ):
        parser = on_network(parsing.command(actions, name, command, summary))
        parser.add_argument("--address", required=True, metavar="IP")
        if command is _hold:
            parser.add_argument("--nic", required=True, metavar="UUID")


def _add_of_nic(actions: Actions) -> None:
    for name, command, summary in (
        ("allow", _allow, "let one more virtual NIC send from an address of its project"),
        ("forbid", _forbid, "let it do so no more"),
    ):
        parser = parsing.command(actions, name, command, summary)
        parser.add_argument("--nic", required=True, metavar="UUID")
        parser.add_argument("--address", required=True, metavar="IP")


# -- Shared by virtual NICs of a network


def _list(api: NetstackNetApi, args: argparse.Namespace) -> Listing:
    if args.network is None:
        networks = api.rows(api.network_rows().order_by("created_at", "id"))
    else:
        networks = [api.network_row(args.network)]
    return _addresses(
        [
            shared
            for network in networks
            for shared in api.list_shared_addresses(network["id"], args.project)
        ]
    )


def _addresses(found: list[SharedAddress]) -> Listing:
    return Listing(_COLUMNS, [[getattr(one, name) for name in _COLUMNS] for one in found])


def _find(api: NetstackNetApi, args: argparse.Namespace) -> SharedAddress:
    network = api.network_row(args.network)
    return api.get_shared_address(network["id"], normal_address(args.address))


def _show(api: NetstackNetApi, args: argparse.Namespace) -> Listing:
    shared = _find(api, args)
    values = {**to_dict(shared), "holder": api.holder(shared)}
    return Listing(("field", "value"), [[name, values[name]] for name in (*_COLUMNS, *_MORE)])


def _allocate(api: NetstackNetApi, args: argparse.Namespace) -> Listing:
    names = ("project_id", "virtual_nic_ids", "address", "version")
    parsing.check("shared_address", {name: getattr(args, name) for name in names}, CREATE)
    made = api.create_shared_address(
        args.network,
        args.project_id,
        args.virtual_nic_ids,
        address=args.address,
        version=args.version,
    )
    return _addresses([made])


def _release(api: NetstackNetApi, args: argparse.Namespace) -> str:
    shared = _find(api, args)
    api.delete_shared_address(shared)
    return f"{shared.address} is released"


def _hold(api: NetstackNetApi, args: argparse.Namespace) -> str:
    shared = _find(api, args)
    parsing.check("holder", {"virtual_nic_id": args.nic}, HOLD)
    return f"{shared.address} is held by virtual NIC {api.set_holder(shared, args.nic)}"


def _resign(api: NetstackNetApi, args: argparse.Namespace) -> str:
    shared = _find(api, args)
    api.unset_holder(shared)
    return f"{shared.address} is held by no virtual NIC"


# -- Allowed on a virtual NIC


def _allow(api: NetstackNetApi, args: argparse.Namespace) -> str:
    address = normal_address(args.address)
    api.allow_address(args.nic, address)
    return f"virtual NIC {args.nic} may send from {address}"


def _forbid(api: NetstackNetApi, args: argparse.Namespace) -> str:
    address = normal_address(args.address)
    api.forbid_address(args.nic, address)
    return f"virtual NIC {args.nic} may send from {address} no more"
