"""``nova-manage project network-service ...``: stock Nova's own tool with one more category.

Nova (34) makes its categories from the classes in ``nova.cmd.manage.CATEGORIES``, and the actions
of a category from the public methods of its class. Here our class is added to Nova's, in this
process only, before Nova's ``main`` runs; all else is stock Nova.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

from nova_netplugins.cloud import Cloud
from nova_netplugins.manage import projects
from nova_netplugins.manage.run import run
from nova_netplugins.plugin import Listing, NetworkService

CATEGORY = "project"
ACTION = "network-service"


class ProjectCommands:
    """Which network service a project has."""

    description = "Manage the network services of projects."


def _network_service(_self: ProjectCommands, arguments: list[str]) -> int:
    return run(arguments, f"nova-manage {CATEGORY} {ACTION}", _add_commands, _execute)


# What Nova's own decorator, nova.cmd.common.args, leaves on a method. Everything that follows the
# action is for our parser, so that here and in nova-netplugins-manage the commands are the same.
_network_service.__dict__["args"] = [
    (
        ("arguments",),
        {"nargs": argparse.REMAINDER, "help": "list | show | associate | disassociate; or --help"},
    )
]
_network_service.__dict__["description"] = "Manage which network service a project has."
# No Python name has a hyphen.
setattr(ProjectCommands, ACTION, _network_service)


def main() -> int:
    """What ``nova-manage`` would exit with; 1 where Nova is not installed."""
    # With eventlet Nova would patch threads and locks under code that was made for real ones.
    os.environ.setdefault("OS_NOVA_DISABLE_EVENTLET_PATCHING", "true")
    try:
        nova: Any = importlib.import_module("nova.cmd.manage")
    except ModuleNotFoundError as error:
        print(
            f"error: Nova is not installed for {sys.executable} ({error}); use "
            "nova-netplugins-manage, or install nova-netplugins where Nova is",
            file=sys.stderr,
        )
        return 1
    nova.CATEGORIES[CATEGORY] = ProjectCommands
    code: int | None = nova.main()
    return code or 0


def _add_commands(_services: Sequence[NetworkService], parser: argparse.ArgumentParser) -> None:
    projects.add_actions(parser.add_subparsers(metavar="ACTION", required=True))


def _execute(cloud: Cloud, args: argparse.Namespace) -> Listing | str:
    result: Listing | str = args.core_command(cloud, args)
    return result
