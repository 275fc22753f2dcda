"""``network create | list | show | delete | modify``."""

from __future__ import annotations

import argparse
from typing import Any

from nova_netplugins import errors
from nova_netplugins.ethernet.manage import parsing
from nova_netplugins.ethernet.manage.parsing import Actions
from nova_netplugins.ethernet.net_api import EthernetNetApi
from nova_netplugins.ethernet.rest.networks import CREATE, UPDATE
from nova_netplugins.ethernet.rows import Row
from nova_netplugins.ethernet.specs import NetworkSpec
from nova_netplugins.ethernet.traits import Traits
from nova_netplugins.plugin import Listing

_COLUMNS = (
    "id",
    "label",
    "cidr",
    "cidr_v6",
    "gateway",
    "dns1",
    "dns2",
    "vlan",
    "bridge",
    "project_id",
    "host",
)


def add_network(traits: Traits, nouns: Actions) -> None:
    actions = parsing.noun(nouns, "network", "networks")
    _add_create(traits, actions)
    parsing.command(actions, "list", _list, "all networks")
    _which(parsing.command(actions, "show", _show, "everything about one network"))
    delete = _which(
        parsing.command(actions, "delete", _delete, "delete a network that nobody uses")
    )
    delete.add_argument(
        "--disassociate", action="store_true", help="even if a project owns the network"
    )
    summary = "change a network's label, project or host"
    modify = _which(parsing.command(actions, "modify", _modify, summary))
    modify.add_argument("--label")
    modify.add_argument("--project", metavar="PROJECT")
    modify.add_argument("--host", metavar="HOST")
    modify.add_argument("--disassociate-project", action="store_true")
    modify.add_argument("--disassociate-host", action="store_true")


def _add_create(traits: Traits, actions: Actions) -> None:
    parser = parsing.command(actions, "create", _create, "make one network or several")
    parser.add_argument("--label", required=True, help="name, at most 255 characters")
    parser.add_argument("--fixed_range_v4", dest="cidr", metavar="CIDR")
    parser.add_argument("--fixed_range_v6", dest="cidr_v6", metavar="CIDR")
    parser.add_argument("--fixed_cidr", metavar="CIDR", help="draw addresses from this part only")
    parser.add_argument("--num_networks", type=int, default=1, metavar="N")
    parser.add_argument("--network_size", type=int, metavar="N", help="addresses in each network")
    parser.add_argument("--gateway", metavar="IP")
    parser.add_argument("--gateway_v6", metavar="IP")
    parser.add_argument("--allowed_start", metavar="IP", help="first address to draw")
    parser.add_argument("--allowed_end", metavar="IP", help="last address to draw")
    parser.add_argument("--dns1", metavar="IP")
    parser.add_argument("--dns2", metavar="IP")
    parser.add_argument("--bridge_interface", metavar="LINK")
    parser.add_argument("--mtu", type=int)
    parser.add_argument("--uuid", dest="id")
    parser.add_argument("--project_id", metavar="PROJECT")
    parser.add_argument("--priority", type=int, default=0, metavar="N", help="lowest comes first")
    if traits.own_networks:
        parser.add_argument(
            "--vlan", type=int, metavar="ID", help="this VLAN (of several: the first)"
        )
        parser.add_argument(
            "--vlan_start", type=int, metavar="ID", help="the next free from here on"
        )
    else:
        parser.add_argument("--bridge", metavar="LINK")
    if traits.serves:
        parser.add_argument("--dhcp_server", metavar="IP")
        parser.add_argument("--multi_host", type=_truth, metavar="T|F")
        parser.add_argument(
            "--share_address",
            action="store_true",
            help="of a multi_host network: each host has the gateway's address",
        )
        parser.add_argument(
            "--dhcp_option",
            action="append",
            type=_dhcp_option,
            default=[],
            metavar="NAME=VALUE",
            help="by dnsmasq's name or by number: ntp-server=192.0.2.1",
        )


def _truth(text: str) -> bool:
    if text.lower() in ("t", "true", "1", "yes"):
        return True
    if text.lower() in ("f", "false", "0", "no"):
        return False
    raise argparse.ArgumentTypeError(f"{text!r} is neither T nor F")


def _dhcp_option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _create(api: EthernetNetApi, args: argparse.Namespace) -> Listing:
    names = NetworkSpec.__dataclass_fields__.keys() & vars(args).keys()
    wishes: dict[str, Any] = {name: getattr(args, name) for name in names}
    if "dhcp_option" in args:
        wishes["dhcp_options"] = dict(args.dhcp_option)
    parsing.check("network", wishes, CREATE)
    return _networks(api.create_networks(NetworkSpec(**wishes)))


def _networks(rows: list[Row]) -> Listing:
    return Listing(_COLUMNS, [[row[name] for name in _COLUMNS] for row in rows])


def _which(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--uuid")
    which.add_argument("--fixed_range", metavar="CIDR", help="if only one network has it")
    return parser


def _find(api: EthernetNetApi, args: argparse.Namespace) -> Row:
    if args.uuid is not None:
        return api.network_row(args.uuid)
    columns = api.tables.networks.c
    either = (columns.cidr == args.fixed_range) | (columns.cidr_v6 == args.fixed_range)
    rows = api.rows(api.network_rows(either))
    if not rows:
        raise errors.NetworkNotFound(field="fixed_range", value=args.fixed_range)
    if len(rows) > 1:
        ids = ", ".join(row["id"] for row in rows)
        reason = f"several networks have it; give --uuid, one of {ids}"
        raise errors.InvalidOption(field="--fixed_range", value=args.fixed_range, reason=reason)
    return rows[0]


def _list(api: EthernetNetApi, args: argparse.Namespace) -> Listing:
    return _networks(api.rows(api.network_rows().order_by("created_at", "id")))


def _show(api: EthernetNetApi, args: argparse.Namespace) -> Listing:
    row = _find(api, args)
    hidden = ("deleted", "deleted_at", "pool_id")
    times = ("created_at", "updated_at")
    shown = {name: value for name, value in row.items() if name not in (*hidden, *times)}
    shown |= {name: str(row[name]) for name in times if row[name] is not None}
    return Listing(("field", "value"), [[name, value] for name, value in shown.items()])


def _delete(api: EthernetNetApi, args: argparse.Namespace) -> str:
    row = _find(api, args)
    api.delete_network(row["id"], args.disassociate)
    return f"network {row['id']} is deleted"


def _modify(api: EthernetNetApi, args: argparse.Namespace) -> Listing:
    changes: dict[str, Any] = {}
    for name, column in (("project", "project_id"), ("host", "host")):
        value = getattr(args, name)
        clear = getattr(args, f"disassociate_{name}")
        if value is not None and clear:
            reason = f"it cannot be together with --disassociate-{name}"
            raise errors.InvalidOption(field=f"--{name}", value=value, reason=reason)
        if value is not None or clear:
            changes[column] = value
    if args.label is not None:
        changes["label"] = args.label
    if not changes:
        raise errors.InvalidOption(field="modify", value=None, reason="say what to change")
    row = _find(api, args)
    parsing.check("network", changes, UPDATE, nulls=True)
    return _networks([api.modify_network(row["id"], changes)])
