"""``nova-netplugins-manage``: the database, projects, and each network service's own tool."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence

from nova_netplugins.bus import Bus
from nova_netplugins.cloud import Cloud
from nova_netplugins.db import CORE
from nova_netplugins.manage import databases, projects
from nova_netplugins.manage.run import run
from nova_netplugins.plugin import Listing, NetworkService, Outcome


def main(argv: Sequence[str] | None = None) -> int:
    args = sys.argv[1:] if argv is None else argv
    return run(args, "nova-netplugins-manage", _add_commands, _execute)


def _add_commands(services: Sequence[NetworkService], parser: argparse.ArgumentParser) -> None:
    nouns = parser.add_subparsers(metavar="COMMAND", required=True)
    database = nouns.add_parser("db", help="the tables, and which revision they are at")
    databases.add_commands(database.add_subparsers(metavar="ACTION", required=True))
    project = nouns.add_parser("project", help="projects and their network services")
    projects.add_commands(project.add_subparsers(metavar="NOUN", required=True))
    for service in services:
        if service.manage_commands is not None:
            tool = nouns.add_parser(service.name, help=f"the network service {service.name}")
            tool.set_defaults(service_of_command=service.name)
            service.manage_commands(tool.add_subparsers(metavar="NOUN", required=True))


def _execute(cloud: Cloud, args: argparse.Namespace) -> Listing | str | Outcome:
    result: Listing | str | Outcome
    if "core_command" in args:
        result = args.core_command(cloud, args)
        return result
    service = args.service_of_command
    cloud.check_upgraded(CORE.name, service)
    # The daemons are told of what a command changes; they would find out later on their own.
    with contextlib.closing(Bus(cloud.conf)) as bus:
        result = args.command(cloud.net_api(service, bus.prompts(service)), args)
    return result
