"""``db upgrade`` and ``db status``."""

from __future__ import annotations

import argparse

from netkit import migrations
from netkit.migrations import Lineage, MigrationError
from nova_netplugins.cloud import Cloud
from nova_netplugins.plugin import Listing


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    upgrade = subparsers.add_parser(
        "upgrade", help="make or upgrade the tables of the core and of every network service"
    )
    upgrade.add_argument(
        "--service", metavar="NAME", help="only of this network service, or of 'core'"
    )
    upgrade.add_argument(
        "--revision", default="head", help="only up to this revision; needs --service"
    )
    upgrade.set_defaults(core_command=_upgrade)
    status = subparsers.add_parser("status", help="say which revision the database is at")
    status.set_defaults(core_command=_status)


def _upgrade(cloud: Cloud, args: argparse.Namespace) -> Listing:
    if args.revision != "head" and args.service is None:
        raise MigrationError("--revision is one of a single lineage: say which by --service")
    for lineage in _chosen(cloud, args.service):
        migrations.upgrade(cloud.database, lineage, args.revision)
    return _status(cloud, args)


def _chosen(cloud: Cloud, name: str | None) -> list[Lineage]:
    if name is None:
        return cloud.lineages
    chosen = [lineage for lineage in cloud.lineages if lineage.name == name]
    if not chosen:
        known = ", ".join(lineage.name for lineage in cloud.lineages)
        raise MigrationError(f"no tables are of {name!r}; these have tables: {known}")
    return chosen


def _status(cloud: Cloud, _args: argparse.Namespace) -> Listing:
    rows = []
    for lineage in cloud.lineages:
        found = migrations.current(cloud.database, lineage)
        wanted = migrations.head(lineage)
        rows.append((lineage.name, found, wanted, found == wanted))
    return Listing(("service", "revision", "newest", "upgraded"), rows)
