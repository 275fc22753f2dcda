"""openstack ipam tag: tags of blocks, addresses and interfaces"""

from __future__ import annotations

from collections.abc import Sequence

from osc_lib import exceptions

from melange.client.tenants import TagsOf
from melange.osc import base
from melange.osc.base import Args, Parser


class _OfObject(base.IpamCommand):
    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("--block", metavar="<block>", help="Of this block, by ID or CIDR")
        parser.add_argument("--address", metavar="<address>", help="Of this address of the block")
        parser.add_argument("--interface", metavar="<interface>", help="Of this interface")

    def tags(self, args: Args) -> TagsOf:
        """Of the object that the options name."""
        tenant, tags = self.tenant(args), self.ipam.tags
        if (args.block is None) == (args.interface is None):
            raise exceptions.CommandError(
                "of what? give --block, --block and --address, or --interface"
            )
        if args.interface is not None:
            return tags.of_interface(tenant, args.interface)
        if args.address is not None:
            return tags.of_ip_address(tenant, self.block(args), args.address)
        return tags.of_ip_block(tenant, self.block(args))


class ListTag(_OfObject, base.Lister):
    """List the tags of a block, an address or an interface"""

    columns = ("tag",)

    def objects(self, args: Args) -> Sequence[dict[str, str]]:
        return [{"tag": tag} for tag in self.tags(args).list()]


class AddTag(_OfObject, base.Doing):
    """Add tags to a block, an address or an interface"""

    def add_arguments(self, parser: Parser) -> None:
        super().add_arguments(parser)
        parser.add_argument("names", metavar="<tag>", nargs="+", help="Tag")

    def do(self, args: Args) -> None:
        self.each(args.names, self.tags(args).add)


class RemoveTag(_OfObject, base.Doing):
    """Remove tags from a block, an address or an interface"""

    def add_arguments(self, parser: Parser) -> None:
        super().add_arguments(parser)
        parser.add_argument("names", metavar="<tag>", nargs="+", help="Tag")

    def do(self, args: Args) -> None:
        self.each(args.names, self.tags(args).remove)
