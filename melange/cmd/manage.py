"""``melange-manage``, and ``melange-delete-deallocated-ips``, which is a part of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version

from melange.manage import checking, databases, exporting, importing, purging, tool
from netkit import manage


def main(argv: Sequence[str] | None = None) -> int:
    args = sys.argv[1:] if argv is None else argv
    common = manage.common_options()
    given, rest = common.parse_known_args(args)
    parser = argparse.ArgumentParser("melange-manage", parents=[common], allow_abbrev=False)
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {version('nova-netplugins')}"
    )
    _add_commands(parser)
    return tool.run(parser.parse_args(rest, given))


def delete_deallocated_ips(argv: Sequence[str] | None = None) -> int:
    """As in Melange v0.1: 0, or 1 with one line that tells the error."""
    parser = argparse.ArgumentParser("melange-delete-deallocated-ips")
    parser.add_argument("--config-file", action="append", metavar="PATH", default=[])
    parser.add_argument("--config-dir", action="append", metavar="DIR", default=[])
    parser.add_argument("-v", "--verbose", action="store_true", help="say how many they were")
    parser.add_argument("-d", "--debug", action="store_true", help="log what is done")
    parser.add_argument("config", nargs="?", metavar="PATH", help="the same as --config-file PATH")
    args = parser.parse_args(sys.argv[1:] if argv is None else argv)
    if args.config and not args.config_file:
        args.config_file = [args.config]
    args.command, args.format = purging.addresses_only, "table"
    return tool.run(args)


def _add_commands(parser: argparse.ArgumentParser) -> None:
    nouns = parser.add_subparsers(metavar="COMMAND", required=True)
    database = nouns.add_parser("db", help="the tables, and which revision they are at")
    databases.add_commands(database.add_subparsers(metavar="ACTION", required=True))
    databases.add_old_commands(nouns)
    purging.add_command(nouns)
    checking.add_command(nouns)
    importing.add_command(nouns)
    exporting.add_command(nouns)
