"""``db upgrade``, ``db version`` and ``db check``."""

from __future__ import annotations

import argparse

from melange.db import MELANGE
from melange.manage.tool import Subparsers, Tool
from netkit import migrations
from netkit.manage import FAILED, Outcome
from netkit.output import Listing


def add_commands(actions: Subparsers) -> None:
    upgrade = actions.add_parser("upgrade", help="make or upgrade the tables")
    upgrade.add_argument("--revision", default="head", help="only up to this revision")
    upgrade.set_defaults(command=_upgrade)
    version = actions.add_parser("version", help="say which revision the database is at")
    version.set_defaults(command=_version)
    check = actions.add_parser(
        "check", help="compare the tables with those that this release has; 1: they differ"
    )
    check.set_defaults(command=_check)


def add_old_commands(nouns: Subparsers) -> None:
    """The names that these commands had in Melange v0.1."""
    nouns.add_parser("db_sync").set_defaults(command=_upgrade, revision="head")
    upgrade = nouns.add_parser("db_upgrade")
    upgrade.add_argument("revision", nargs="?", default="head")
    upgrade.set_defaults(command=_upgrade)


def _upgrade(tool: Tool, args: argparse.Namespace) -> Outcome:
    migrations.upgrade(tool.database, MELANGE, args.revision)
    return _version(tool, args)


def _version(tool: Tool, args: argparse.Namespace) -> Outcome:
    found, wanted = migrations.current(tool.database, MELANGE), migrations.head(MELANGE)
    row = (found, wanted, found == wanted)
    return Outcome(Listing(("revision", "newest", "upgraded"), [row]))


def _check(tool: Tool, args: argparse.Namespace) -> Outcome:
    tool.require_tables()
    found = migrations.compare(tool.database, MELANGE)
    # Other services may keep their tables in the same database.
    ours = [one for one in found if not _is_foreign(one)]
    if not ours:
        return Outcome("the tables are those of this release")
    return Outcome(Listing(("difference",), [(str(one),) for one in ours]), FAILED)


def _is_foreign(difference: object) -> bool:
    return isinstance(difference, tuple) and difference[0] in ("remove_table", "remove_index")
