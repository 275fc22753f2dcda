"""How the commands are declared, and their values checked."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from netkit.wsgi.validation import Validators
from nova_netplugins.plugin import Listing, Outcome

# Each command has the net-api of its own service.
Command = Callable[[Any, argparse.Namespace], Listing | str | Outcome]
# argparse has no public name for what add_subparsers returns.
Actions: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def noun(nouns: Actions, name: str, summary: str) -> Actions:
    """The actions of a noun, to be added to."""
    return nouns.add_parser(name, help=summary).add_subparsers(metavar="ACTION", required=True)


def command(actions: Actions, name: str, run: Command, summary: str) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=summary, description=summary, allow_abbrev=False)
    parser.set_defaults(command=run)
    return parser


def check(
    noun: str, values: Mapping[str, Any], schema: Mapping[str, Any], nulls: bool = False
) -> None:
    """The values as a body of the REST API: the same are refused, with the same words.

    Without ``nulls`` a None is an option that was not given. Raises ValidationError.
    """
    given = {name: value for name, value in values.items() if nulls or value is not None}
    Validators().check({noun: given}, schema)
