"""The management tool of an Ethernet service: ``nova-netplugins-manage <service> network create
...``.

Options have the names they had in nova-manage.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from nova_netplugins import errors
from nova_netplugins.ethernet.net_api import EthernetNetApi
from nova_netplugins.ethernet.networks import Row
from nova_netplugins.ethernet.specs import NetworkSpec
from nova_netplugins.ethernet.traits import Traits
from nova_netplugins.plugin import Listing

Command = Callable[[EthernetNetApi, argparse.Namespace], Listing | str]
Actions = argparse._SubParsersAction  # argparse has no public name for what add_subparsers returns.

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


def add_commands(traits: Traits, nouns: Actions[argparse.ArgumentParser]) -> None:
    network = nouns.add_parser("network", help="networks").add_subparsers(
        metavar="ACTION", required=True
    )
    _network_create(traits, network)
    _network_others(network)
    fixed = nouns.add_parser("fixed", help="fixed addresses").add_subparsers(
        metavar="ACTION", required=True
    )
    _fixed(fixed)
    if traits.serves:
        floating = nouns.add_parser("floating", help="floating addresses").add_subparsers(
            metavar="ACTION", required=True
        )
        _floating(floating)


def _command(
    actions: Actions[argparse.ArgumentParser], name: str, command: Command, summary: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=summary, description=summary, allow_abbrev=False)
    parser.set_defaults(command=command)
    return parser


# -- network -----------------------------------------------------------------------------------
# --------------


def _network_create(traits: Traits, actions: Actions[argparse.ArgumentParser]) -> None:
    parser = _command(actions, "create", _create, "make one network or several")
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
    return _networks(api.create_networks(NetworkSpec(**wishes)))


def _networks(rows: list[Row]) -> Listing:
    return Listing(_COLUMNS, [[row[name] for name in _COLUMNS] for row in rows])


def _network_others(actions: Actions[argparse.ArgumentParser]) -> None:
    _command(actions, "list", _list, "all networks")
    _which(_command(actions, "show", _show, "everything about one network"))
    delete = _which(_command(actions, "delete", _delete, "delete a network that nobody uses"))
    delete.add_argument(
        "--disassociate", action="store_true", help="even if a project owns the network"
    )
    modify = _which(_command(actions, "modify", _modify, "change a network's project or host"))
    modify.add_argument("--label")
    modify.add_argument("--project", metavar="PROJECT")
    modify.add_argument("--host", metavar="HOST")
    modify.add_argument("--disassociate-project", action="store_true")
    modify.add_argument("--disassociate-host", action="store_true")


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
    return _networks([api.modify_network(_find(api, args)["id"], changes)])


# -- fixed -------------------------------------------------------------------------------------
# --------------


def _fixed(actions: Actions[argparse.ArgumentParser]) -> None:
    listing = _command(actions, "list", _fixed_list, "the addresses that are drawn")
    listing.add_argument("--network", metavar="UUID")
    listing.add_argument("--host", metavar="HOST", help="of instances on this compute host")
    for name, command, summary in (
        ("reserve", _reserve, "keep an address from being drawn"),
        ("unreserve", _unreserve, "let a reserved address be drawn again"),
    ):
        parser = _command(actions, name, command, summary)
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
# --------------


def _floating(actions: Actions[argparse.ArgumentParser]) -> None:
    create = _command(actions, "create", _floating_create, "add addresses to a pool")
    create.add_argument("--ip_range", required=True, metavar="IP|CIDR")
    create.add_argument("--pool")
    create.add_argument("--interface", metavar="LINK")
    delete = _command(actions, "delete", _floating_delete, "take an unused range out of its pool")
    delete.add_argument("--ip_range", required=True, metavar="IP|CIDR")
    listing = _command(actions, "list", _floating_list, "ranges, and the addresses lent of them")
    listing.add_argument("--pool")


def _floating_create(api: EthernetNetApi, args: argparse.Namespace) -> str:
    row = api.create_floating_range(args.ip_range, args.pool, args.interface)
    return f"{row['cidr']} is in pool {row['pool']}, on {row['interface']}"


def _floating_delete(api: EthernetNetApi, args: argparse.Namespace) -> str:
    api.delete_floating_range(args.ip_range)
    return f"{args.ip_range} is deleted"


def _floating_list(api: EthernetNetApi, args: argparse.Namespace) -> Listing:
    columns = ("address", "pool", "interface", "project_id", "fixed_address", "virtual_nic_id")
    ranges = [
        [row["cidr"], row["pool"], row["interface"], None, None, None]
        for row in api.floating_ranges()
    ]
    lent = [
        [row[name] for name in (*columns[:-1], "ethernet_card_id")]
        for row in api.rows(api.floating.select().order_by("created_at", "id"))
    ]
    chosen = [row for row in (*ranges, *lent) if args.pool in (None, row[1])]
    return Listing(columns, chosen)
