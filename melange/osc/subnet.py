"""openstack ipam subnet"""

from __future__ import annotations

from collections.abc import Iterator

from melange.client.types import IpBlock
from melange.osc import base
from melange.osc.base import Args, Parser


class CreateSubnet(base.ShowOne):
    """Carve a subnet out of a block; it is a block itself"""

    def add_arguments(self, parser: Parser) -> None:
        base.add_block(parser)
        size = parser.add_mutually_exclusive_group(required=True)
        size.add_argument("--cidr", metavar="<cidr>", help="This one")
        size.add_argument(
            "--length", metavar="<length>", type=int, help="The lowest free one of this length: 26"
        )
        parser.add_argument("--network", metavar="<network>", help="By default the block's")
        parser.add_argument(
            "--subnet-tenant", metavar="<tenant>", help="Whose it shall be; default: the block's"
        )

    def object(self, args: Args) -> IpBlock:
        return self.ipam.subnets.create(
            self.tenant(args),
            self.block(args),
            args.cidr,
            prefix=args.length,
            network_id=args.network,
            subnet_tenant_id=args.subnet_tenant,
        )


class ListSubnet(base.Lister):
    """List the subnets directly below a block"""

    columns = ("id", "cidr", "tenant_id", "network_id", "gateway")

    def add_arguments(self, parser: Parser) -> None:
        base.add_block(parser)
        base.add_filters(
            parser,
            *("network_id", "cidr", "contains", "within"),
            tenant_id="Only those of this tenant",
            tags=base.tags_of("subnets"),
            paged=False,
        )

    def objects(self, args: Args) -> Iterator[IpBlock]:
        where = self.tenant(args), self.block(args)
        return self.ipam.subnets.list(*where, **base.chosen(args))
