"""Runs one command line: configuration, parser, command, output and exit code."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable, Sequence

from netkit import manage
from netkit.output import Listing
from nova_netplugins import conf as configuration
from nova_netplugins.catalogue import CatalogueError, load_catalogue
from nova_netplugins.cloud import Cloud
from nova_netplugins.plugin import NetworkService

AddCommands = Callable[[Sequence[NetworkService], argparse.ArgumentParser], None]
Execute = Callable[[Cloud, argparse.Namespace], Listing | str | manage.Outcome]

_HELP = ("--help", "-h")


def run(argv: Sequence[str], prog: str, add_commands: AddCommands, execute: Execute) -> int:
    """0: done, unless the command says otherwise. 1: refused or failed. 2: what it names does not
    exist, or it is not a command.

    Errors go to the standard error stream, as one line that begins with ``error:``.
    """
    # Commands come from network services, which are known once the configuration is read.
    common = manage.common_options()
    given, rest = common.parse_known_args(argv)

    def work() -> manage.Outcome:
        conf = manage.configuration(configuration.load, configuration.PROJECT, given)
        parser = argparse.ArgumentParser(prog, parents=[common], allow_abbrev=False)
        try:
            catalogue = load_catalogue(conf)
        except CatalogueError as error:
            if rest and rest[0] not in _HELP:
                raise
            parser.epilog = f"Without the commands of network services: {error}"
            add_commands((), parser)
            parser.parse_args(_HELP[:1])
        add_commands(catalogue.services, parser)
        args = parser.parse_args(rest)
        with contextlib.closing(manage.opened(lambda: Cloud(conf, catalogue))) as cloud:
            told = execute(cloud, args)
            return told if isinstance(told, manage.Outcome) else manage.Outcome(told)

    return manage.run(work, given.format, (CatalogueError,))
