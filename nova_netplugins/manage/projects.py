"""``project network-service list | show | associate | disassociate``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TypeAlias

from nova_netplugins.associations import Associations, ProjectService
from nova_netplugins.cloud import Cloud
from nova_netplugins.db import CORE
from nova_netplugins.plugin import Listing

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_commands(subparsers: Subparsers) -> None:
    noun = subparsers.add_parser("network-service", help="which network service a project has")
    add_actions(noun.add_subparsers(metavar="ACTION", required=True))


def add_actions(actions: Subparsers) -> None:
    """The four actions, for this tool and for ``nova-manage``."""
    listing = actions.add_parser(
        "list", help="the projects with a network service of their own; all others have the default"
    )
    listing.set_defaults(core_command=_list)

    show = actions.add_parser("show", help="the network service of a project")
    _project_argument(show)
    show.set_defaults(core_command=_show)

    associate = actions.add_parser(
        "associate",
        help="give a project another network service; it must not have virtual NICs",
    )
    _project_argument(associate)
    _argument(associate, "service", "the network service, by its name")
    associate.set_defaults(core_command=_associate)

    disassociate = actions.add_parser(
        "disassociate",
        help="give a project the default network service; it must not have virtual NICs",
    )
    _project_argument(disassociate)
    disassociate.set_defaults(core_command=_disassociate)


def _project_argument(parser: argparse.ArgumentParser) -> None:
    _argument(parser, "project", "the project, by its id")


def _argument(parser: argparse.ArgumentParser, name: str, help: str) -> None:
    """Required, and given as ``--name VALUE`` or by its place, as the classic tool had it."""
    parser.add_argument(f"--{name}", dest=f"{name}_option", metavar=name.upper(), help=help)
    parser.add_argument(name, nargs="?", help=argparse.SUPPRESS)
    parser.set_defaults(usage_error=parser.error)


def _value(args: argparse.Namespace, name: str) -> str:
    option, placed = getattr(args, f"{name}_option"), getattr(args, name)
    if option and placed:
        args.usage_error(f"--{name} {option} and {placed!r} are one too many")
    value: str = option or placed or ""
    if not value.strip():
        args.usage_error(f"--{name} is required")
    return value


def _list(cloud: Cloud, _args: argparse.Namespace) -> Listing:
    return _listing(_associations(cloud).list())


def _show(cloud: Cloud, args: argparse.Namespace) -> Listing:
    return _listing([_associations(cloud).show(_value(args, "project"))])


def _associate(cloud: Cloud, args: argparse.Namespace) -> Listing:
    project, service = _value(args, "project"), _value(args, "service")
    return _listing([_associations(cloud).associate(project, service)])


def _disassociate(cloud: Cloud, args: argparse.Namespace) -> Listing:
    return _listing([_associations(cloud).disassociate(_value(args, "project"))])


def _associations(cloud: Cloud) -> Associations:
    cloud.check_upgraded(CORE.name)
    return cloud.associations


def _listing(found: Sequence[ProjectService]) -> Listing:
    rows = [
        (row.project_id, row.network_service, "associated" if row.explicit else "default")
        for row in found
    ]
    return Listing(("project_id", "network_service", "source"), rows)
