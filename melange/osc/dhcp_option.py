"""openstack ipam dhcp option: DHCP options that a block's addresses are told"""

from __future__ import annotations

from collections.abc import Iterator

from melange.client.types import DhcpOption
from melange.osc import base
from melange.osc.base import Args, Parser


class CreateDhcpOption(base.ShowOne):
    """Create a DHCP option of a block"""

    def add_arguments(self, parser: Parser) -> None:
        base.add_block(parser)
        parser.add_argument("option", metavar="<option>", help="Name (mtu) or number (26)")
        parser.add_argument("value", metavar="<value>", help="Its value, as text")

    def object(self, args: Args) -> DhcpOption:
        option = int(args.option) if args.option.isdecimal() else args.option
        where = self.tenant(args), self.block(args)
        return self.ipam.dhcp_options.create(*where, option, args.value)


class ListDhcpOption(base.Lister):
    """List the DHCP options of a block"""

    columns = ("id", "number", "name", "value")

    def add_arguments(self, parser: Parser) -> None:
        base.add_block(parser)
        base.add_filters(parser, number="Only this one", name="Only this one")

    def objects(self, args: Args) -> Iterator[DhcpOption]:
        return self.ipam.dhcp_options.list(self.tenant(args), self.block(args), **base.chosen(args))


class SetDhcpOption(base.ShowOne):
    """Change the value of a DHCP option of a block"""

    def add_arguments(self, parser: Parser) -> None:
        base.add_block(parser)
        parser.add_argument("option", metavar="<option>", help="Option, by ID")
        parser.add_argument("value", metavar="<value>", help="Its value, as text")

    def object(self, args: Args) -> DhcpOption:
        where = self.tenant(args), self.block(args)
        return self.ipam.dhcp_options.update(*where, args.option, args.value)


class DeleteDhcpOption(base.Doing):
    """Delete DHCP options of a block"""

    def add_arguments(self, parser: Parser) -> None:
        base.add_block(parser)
        parser.add_argument("options", metavar="<option>", nargs="+", help="Option, by ID")

    def do(self, args: Args) -> None:
        tenant, block = self.tenant(args), self.block(args)
        self.each(args.options, lambda id: self.ipam.dhcp_options.delete(tenant, block, id))
