"""openstack ipam nat: which global addresses lead to which local ones"""

from __future__ import annotations

from collections.abc import Iterator

from melange.client.ip_addresses import AddressOfBlock
from melange.client.types import IpAddress
from melange.osc import base
from melange.osc.base import Args, Parser

_DIRECTIONS = {"globals": "inside_globals", "locals": "inside_locals"}


class CreateNat(base.Doing):
    """Let a global address lead to a local one"""

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("block", metavar="<local-block>", help="Block, by ID or CIDR")
        parser.add_argument("address", metavar="<local-address>", help="Address of that block")
        parser.add_argument("global_block", metavar="<global-block>", help="Block, by ID or CIDR")
        parser.add_argument("global_address", metavar="<global-address>", help="Its address")

    def do(self, args: Args) -> None:
        local_block = self.block(args)
        args.block = args.global_block
        other: AddressOfBlock = {"ip_block_id": self.block(args), "ip_address": args.global_address}
        tenant = self.tenant(args)
        self.ipam.inside_globals.add(tenant, local_block, args.address, [other])


class ListNat(base.Lister):
    """List the global addresses of a local one, or the local ones of a global one"""

    columns = ("address", "version", "ip_block_id", "interface_id", "used_by_tenant")

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("direction", choices=sorted(_DIRECTIONS), help="Which to list")
        base.add_address(parser)
        names = ("within", "used_by_device", "interface_id", "network_id", "ip_block_id")
        base.add_filters(parser, *names, tags=base.tags_of("addresses"), paged=False)

    def objects(self, args: Args) -> Iterator[IpAddress]:
        noun = getattr(self.ipam, _DIRECTIONS[args.direction])
        where = self.tenant(args), self.block(args), args.address
        found: Iterator[IpAddress] = noun.list(*where, **base.chosen(args))
        return found


class DeleteNat(base.Doing):
    """Cut a local address from one of its global ones, or from all"""

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("block", metavar="<local-block>", help="Block, by ID or CIDR")
        parser.add_argument("address", metavar="<local-address>", help="Address of that block")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--global-address", metavar="<address>", help="From this one")
        which.add_argument("--all", action="store_true", help="From all")

    def do(self, args: Args) -> None:
        where = self.tenant(args), self.block(args), args.address
        self.ipam.inside_globals.remove(*where, args.global_address)
