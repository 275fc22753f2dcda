"""What the ``openstack ipam`` commands have in common."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from cliff.columns import FormattableColumn
from osc_lib import exceptions, utils
from osc_lib.cli import format_columns, pagination
from osc_lib.command import command

from melange.client import Client
from melange.client.errors import ClientError

Parser = argparse.ArgumentParser
Args = argparse.Namespace
Table = tuple[Sequence[str], Iterable[Sequence[Any]]]
Shown = tuple[Sequence[str], Sequence[Any]]

_ACRONYMS = {"id": "ID", "ip": "IP", "ips": "IPs", "cidr": "CIDR", "mac": "MAC", "url": "URL"}
_ACRONYMS |= {"dns1": "DNS 1", "dns2": "DNS 2", "dhcp": "DHCP", "ipv4": "IPv4", "ipv6": "IPv6"}


class IpamCommand(command.Command):
    """``self.ipam`` is the client. Commands of objects that a tenant has take ``--tenant``."""

    takes_tenant = True

    def get_parser(self, prog_name: str) -> Parser:
        parser: Parser = super().get_parser(prog_name)
        if self.takes_tenant:
            parser.add_argument(
                "--tenant",
                metavar="<tenant>",
                default=utils.env("OS_IPAM_TENANT"),
                help="Tenant (project) that has it, by ID; by default the one you are"
                " authenticated for (Env: OS_IPAM_TENANT)",
            )
        self.add_arguments(parser)
        return parser

    def add_arguments(self, parser: Parser) -> None:
        """The command's own arguments."""

    @property
    def ipam(self) -> Client:
        manager: Any = self.app.client_manager
        client: Client = manager.ipam
        return client

    def tenant(self, args: Args) -> str:
        manager: Any = self.app.client_manager
        token = manager.auth_ref  # None without Keystone.
        found: str | None = args.tenant or (token and token.project_id)
        if not found:
            raise exceptions.CommandError("whose? give --tenant <tenant>")
        return found

    def block(self, args: Args) -> str:
        """The id of the block that was meant by ``args.block``: an id, or a CIDR."""
        named: str = args.block
        if "/" not in named:
            return named
        tenant = self.tenant(args)
        found = [block["id"] for block in self.ipam.ip_blocks.list(tenant, cidr=named)]
        if len(found) != 1:
            said = f"{len(found)} blocks" if found else "no block"
            raise exceptions.CommandError(f"tenant {tenant} has {said} {named}; give the ID of one")
        return found[0]


class Lister(IpamCommand, command.Lister):
    """A table. ``columns``: members of the objects; ``more_columns``: with --long too."""

    columns: tuple[str, ...] = ()
    more_columns: tuple[str, ...] = ()

    def get_parser(self, prog_name: str) -> Parser:
        parser = super().get_parser(prog_name)
        if self.more_columns:
            parser.add_argument("--long", action="store_true", help="More columns")
        return parser

    def take_action(self, parsed_args: Args) -> Table:
        long = getattr(parsed_args, "long", False)
        columns = self.columns + (self.more_columns if long else ())
        rows = self.objects(parsed_args)
        limit = getattr(parsed_args, "limit", None)
        if limit is not None:
            rows = itertools.islice(rows, limit)
        return titles(columns), (cells(row, columns) for row in rows)

    def objects(self, args: Args) -> Iterable[Mapping[str, Any]]:
        raise NotImplementedError


class ShowOne(IpamCommand, command.ShowOne):
    """An object, member by member."""

    def take_action(self, parsed_args: Args) -> Shown:
        found = self.object(parsed_args)
        return titles(list(found)), cells(found, list(found))

    def object(self, args: Args) -> Mapping[str, Any]:
        raise NotImplementedError


class Doing(IpamCommand):
    """A command that has nothing to show."""

    def take_action(self, parsed_args: Args) -> None:
        self.do(parsed_args)

    def do(self, args: Args) -> None:
        raise NotImplementedError

    def each(self, named: Sequence[str], do: Callable[[str], None]) -> None:
        """Goes on after a failure, which is told at once and, by the exit status, at the end."""
        failed = 0
        for name in named:
            try:
                do(name)
            except ClientError as error:
                failed += 1
                self.log.error("%s: %s", name, error)
        if failed:
            raise exceptions.CommandError(f"{failed} of {len(named)} failed")


def titles(columns: Sequence[str]) -> list[str]:
    """``mac_address`` -> ``MAC Address``."""
    return [
        " ".join(_ACRONYMS.get(word, word.capitalize()) for word in column.split("_"))
        for column in columns
    ]


def cells(found: Mapping[str, Any], columns: Sequence[str]) -> list[Any]:
    return [_cell(found.get(column)) for column in columns]


def _cell(value: Any) -> Any:
    """Lists and dicts are told nicely in tables, and as they are in JSON."""
    wrapped: type[FormattableColumn[Any]] | None = None
    if isinstance(value, dict):
        wrapped = format_columns.DictColumn
    elif isinstance(value, list):
        dicts = any(isinstance(one, dict) for one in value)
        wrapped = format_columns.ListDictColumn if dicts else format_columns.ListColumn
    return value if wrapped is None else wrapped(value)


def given(args: Args, *names: str, **renamed: str) -> dict[str, Any]:
    """What was given of these options; ``renamed``: the field's name = the option's."""
    options = {name: name for name in names} | renamed
    values = {field: getattr(args, option) for field, option in options.items()}
    return {field: value for field, value in values.items() if value is not None}


def add_block(parser: Parser) -> None:
    parser.add_argument("block", metavar="<block>", help="Block, by ID or CIDR")


def add_address(parser: Parser) -> None:
    add_block(parser)
    parser.add_argument("address", metavar="<address>", help="Address of the block")


_FILTERS = {
    "address": "Only this one",
    "within": "Only those within this CIDR",
    "network_id": "Only those of this network",
    "ip_block_id": "Only those of this block, by ID",
    "used_by_device": "Only those of this device",
    "interface_id": "Only those of this interface",
    "cidr": "Only this very one",
    "contains": "Only those with this address or CIDR in them",
    "type": "Only these: private or public",
}
_METAVARS = {"tags": "<tag>[,<tag>,...]", "ip_version": "{4,6}"}


def add_filters(parser: Parser, *names: str, paged: bool = True, **filters: str) -> None:
    """``--network-id <network-id>`` for ``network_id="its help"``, or for a name that has the same
    help everywhere; with ``paged`` --limit and --marker. ``chosen`` tells what was given.
    """
    texts = {name: _FILTERS[name] for name in names} | filters
    for name, text in texts.items():
        option = name.replace("_", "-")
        metavar = _METAVARS.get(name, f"<{option}>")
        parser.add_argument(f"--{option}", dest=name, metavar=metavar, help=text)
    if paged:
        pagination.add_marker_pagination_option_to_parser(parser)
        texts |= {"limit": "", "marker": ""}
    parser.set_defaults(filters=tuple(texts))


def tags_of(what: str) -> str:
    """The help of the filter ``tags``."""
    return f"List {what} which have all given tag(s)"


def chosen(args: Args) -> dict[str, Any]:
    """The filters that were given, as the client takes them."""
    found = given(args, *args.filters)
    if "ip_version" in found:
        found["version"] = found.pop("ip_version")
    return found


def clearable(parser: Parser, option: str, text: str, **keywords: Any) -> None:
    """``--gateway <gateway>`` and ``--no-gateway``, which is told as null."""
    group = parser.add_mutually_exclusive_group()
    metavar = keywords.pop("metavar", f"<{option}>")
    group.add_argument(f"--{option}", metavar=metavar, help=text, **keywords)
    group.add_argument(f"--no-{option}", action="store_true", help=f"Clear the {option}")


def changed(args: Args, *names: str, **renamed: str) -> dict[str, Any]:
    """Like ``given``, for options made by ``clearable``."""
    found = given(args, *names, **renamed)
    options = {name: name for name in names} | renamed
    for field, option in options.items():
        if getattr(args, f"no_{option}", False):
            found[field] = None
    return found


def pairs(texts: Iterable[str], what: str) -> Iterator[tuple[str, str]]:
    """``a=b`` -> ``("a", "b")``."""
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign:
            raise exceptions.CommandError(f"{text!r} is no {what}")
        yield name, value
