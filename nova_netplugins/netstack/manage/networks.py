"""``network create | list | show | modify | delete``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from nova_netplugins import errors
from nova_netplugins.ethernet import planning
from nova_netplugins.ethernet.manage import parsing
from nova_netplugins.ethernet.manage.parsing import Actions
from nova_netplugins.ethernet.rows import Row
from nova_netplugins.netstack.net_api import NetstackNetApi
from nova_netplugins.netstack.rest import networks as rest
from nova_netplugins.plugin import Listing

_COLUMNS = (
    "id",
    "label",
    "subnets",
    "project_id",
    "priority",
    "routed",
    "enable_dhcp",
    "segment",
    "host",
)


def add(nouns: Actions) -> None:
    actions = parsing.noun(nouns, "network", "networks")
    _add_create(actions)
    parsing.command(actions, "list", _list, "all networks")
    which(parsing.command(actions, "show", _show, "everything about one network"))
    which(parsing.command(actions, "delete", _delete, "delete a network that nobody uses"))
    _add_modify(actions)


def which(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--uuid", required=True)
    return parser


def _add_create(actions: Actions) -> None:
    summary = "make a network, or use one that Quantum has"
    parser = parsing.command(actions, "create", _create, summary)
    parser.add_argument("--label", required=True, help="name, at most 255 characters")
    parser.add_argument("--fixed_range_v4", metavar="CIDR", help="none: pure layer 2")
    parser.add_argument("--fixed_range_v6", metavar="CIDR")
    parser.add_argument("--gateway", metavar="IP", help="default: the first address; '': none")
    parser.add_argument("--gateway_v6", metavar="IP")
    parser.add_argument("--dns1", metavar="IP")
    parser.add_argument("--dns2", metavar="IP")
    parser.add_argument("--project_id", metavar="PROJECT", help="default: for all projects")
    parser.add_argument("--priority", type=int, metavar="N", help="lowest comes first")
    parser.add_argument("--mtu", type=int)
    parser.add_argument("--adopt", metavar="UUID", help="the network that Quantum has already")
    parser.add_argument("--no-router", action="store_true", help="neither NAT nor floating IPs")
    parser.add_argument("--no-dhcp", action="store_true")


def _add_modify(actions: Actions) -> None:
    summary = "change a network's label, priority, host, router or DHCP"
    modify = which(parsing.command(actions, "modify", _modify, summary))
    modify.add_argument("--label")
    modify.add_argument("--priority", type=int, metavar="N")
    modify.add_argument("--host", metavar="HOST")
    modify.add_argument("--disassociate-host", action="store_true")
    modify.add_argument("--router", action=argparse.BooleanOptionalAction)
    modify.add_argument("--dhcp", action=argparse.BooleanOptionalAction)


def _create(api: NetstackNetApi, args: argparse.Namespace) -> Listing:
    names = ("label", "project_id", "priority", "mtu")
    wishes: dict[str, Any] = {name: getattr(args, name) for name in names}
    wishes |= {"id": args.adopt, "routed": not args.no_router, "enable_dhcp": not args.no_dhcp}
    wishes["subnets"] = _subnets(args)
    given = {name: value for name, value in wishes.items() if value is not None}
    parsing.check("network", given, rest.CREATE)
    return _networks([api.create_network(rest.network_spec(given))])


def _subnets(args: argparse.Namespace) -> list[dict[str, Any]]:
    """One of each CIDR. DNS servers are of the subnet of their version."""
    servers = {"--dns1": args.dns1, "--dns2": args.dns2}
    v4 = {name: one for name, one in servers.items() if one is not None and ":" not in one}
    v6 = {name: one for name, one in servers.items() if one is not None and ":" in one}
    if args.gateway is not None:
        v4["--gateway"] = args.gateway
    if args.gateway_v6 is not None:
        v6["--gateway_v6"] = args.gateway_v6
    return [
        *_subnet("--fixed_range_v4", args.fixed_range_v4, planning.parse_v4, v4),
        *_subnet("--fixed_range_v6", args.fixed_range_v6, planning.parse_v6, v6),
    ]


def _subnet(
    option: str, cidr: str | None, parse: Callable[[str, str], object], of_cidr: Mapping[str, str]
) -> list[dict[str, Any]]:
    """None without a CIDR. ``of_cidr``: what is given for it alone, by option."""
    if cidr is None:
        for name, value in of_cidr.items():
            reason = f"it needs {option}"
            raise errors.InvalidOption(field=name, value=value, reason=reason)
        return []
    parse(cidr, option)
    subnet: dict[str, Any] = {"cidr": cidr}
    for name, value in of_cidr.items():
        if name.startswith("--gateway"):
            subnet["gateway"] = value
        else:
            subnet.setdefault("dns", []).append(value)
    return [subnet]


def _networks(rows: list[Row]) -> Listing:
    return Listing(_COLUMNS, [[_columns(row)[name] for name in _COLUMNS] for row in rows])


def _columns(row: Row) -> dict[str, Any]:
    cidrs = ", ".join(block["cidr"] for block in row["blocks"])
    return {**row, "subnets": cidrs or None, "segment": row["l2"].get("segment")}


def _list(api: NetstackNetApi, args: argparse.Namespace) -> Listing:
    return _networks(api.rows(api.network_rows().order_by("created_at", "id")))


def _show(api: NetstackNetApi, args: argparse.Namespace) -> Listing:
    row = _columns(api.network_row(args.uuid))
    row |= {name: row["l2"].get(name) for name in rest.LAYER_2}
    names = (*rest.PUBLIC, "subnets", *rest.PRIVATE, *rest.LAYER_2)
    times = ("created_at", "updated_at")
    shown = [[name, row[name]] for name in names]
    shown += [[name, str(row[name])] for name in times if row[name] is not None]
    return Listing(("field", "value"), shown)


def _delete(api: NetstackNetApi, args: argparse.Namespace) -> str:
    api.delete_network(args.uuid)
    return f"network {args.uuid} is deleted"


def _modify(api: NetstackNetApi, args: argparse.Namespace) -> Listing:
    changes: dict[str, Any] = {
        "label": args.label,
        "priority": args.priority,
        "host": args.host,
        "routed": args.router,
        "enable_dhcp": args.dhcp,
    }
    changes = {name: value for name, value in changes.items() if value is not None}
    if args.disassociate_host:
        if "host" in changes:
            reason = "it cannot be together with --disassociate-host"
            raise errors.InvalidOption(field="--host", value=args.host, reason=reason)
        changes["host"] = None
    if not changes:
        raise errors.InvalidOption(field="modify", value=None, reason="say what to change")
    parsing.check("network", changes, rest.UPDATE, nulls=True)
    return _networks([api.modify_network(args.uuid, changes)])
