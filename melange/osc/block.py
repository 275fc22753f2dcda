"""openstack ipam block"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from melange.client.types import Explanation, IpBlock, Utilization
from melange.osc import base
from melange.osc.base import Args, Parser


def _add_settings(parser: Parser) -> None:
    base.clearable(parser, "network", "Network (any name) that the block is part of")
    base.clearable(parser, "policy", "Policy that its addresses are drawn by, by ID")
    base.clearable(parser, "gateway", "Address of the gateway; nobody gets it")
    base.clearable(parser, "dns1", "First name server; cleared: that of the configuration")
    base.clearable(parser, "dns2", "Second name server; cleared: that of the configuration")
    parser.add_argument(
        "--priority",
        metavar="<priority>",
        type=int,
        help="Of a network's blocks that with the lowest number is drawn from first",
    )
    sharing = parser.add_mutually_exclusive_group()
    sharing.add_argument(
        "--share",
        dest="shared",
        action="store_true",
        default=None,
        help="Other tenants may take floating IPs from it",
    )
    sharing.add_argument(
        "--no-share", dest="shared", action="store_false", help="It is its tenant's alone"
    )
    parser.add_argument(
        "--tag", dest="tags", metavar="<tag>", action="append", help="Tag (repeat for more)"
    )


def _settings(args: Args) -> dict[str, Any]:
    return base.changed(
        args,
        *("gateway", "dns1", "dns2", "priority", "shared", "tags"),
        network_id="network",
        policy_id="policy",
    )


class CreateBlock(base.ShowOne):
    """Create a block of addresses"""

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("cidr", metavar="<cidr>", help="10.0.0.0/24, fd00::/64")
        parser.add_argument(
            "--type",
            choices=("private", "public"),
            default="private",
            help="No two public blocks overlap (default: private)",
        )
        _add_settings(parser)

    def object(self, args: Args) -> IpBlock:
        return self.ipam.ip_blocks.create(
            self.tenant(args), args.cidr, args.type, **_settings(args)
        )


class ListBlock(base.Lister):
    """List blocks, subnets among them"""

    columns = ("id", "cidr", "type", "network_id", "gateway")
    more_columns = ("parent_id", "policy_id", "priority", "shared", "dns1", "dns2", "created_at")

    def add_arguments(self, parser: Parser) -> None:
        base.add_filters(
            parser,
            *("type", "network_id", "cidr", "contains", "within"),
            ip_version="Of this version of IP",
            tags=base.tags_of("blocks"),
        )

    def objects(self, args: Args) -> Iterator[IpBlock]:
        return self.ipam.ip_blocks.list(self.tenant(args), **base.chosen(args))


class ShowBlock(base.ShowOne):
    """Show a block"""

    def add_arguments(self, parser: Parser) -> None:
        base.add_block(parser)

    def object(self, args: Args) -> IpBlock:
        return self.ipam.ip_blocks.show(self.tenant(args), self.block(args))


class SetBlock(base.ShowOne):
    """Change a block"""

    def add_arguments(self, parser: Parser) -> None:
        base.add_block(parser)
        _add_settings(parser)

    def object(self, args: Args) -> IpBlock:
        return self.ipam.ip_blocks.update(self.tenant(args), self.block(args), **_settings(args))


class DeleteBlock(base.Doing):
    """Delete blocks with all their subnets and addresses"""

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("blocks", metavar="<block>", nargs="+", help="Block, by ID or CIDR")

    def do(self, args: Args) -> None:
        tenant = self.tenant(args)

        def delete(named: str) -> None:
            args.block = named
            self.ipam.ip_blocks.delete(tenant, self.block(args))

        self.each(args.blocks, delete)


class ExplainAddress(base.ShowOne):
    """Say why an address is available or is not"""

    def add_arguments(self, parser: Parser) -> None:
        base.add_address(parser)

    def object(self, args: Args) -> Explanation:
        return self.ipam.ip_blocks.explain(self.tenant(args), self.block(args), args.address)


class ShowUtilization(base.ShowOne):
    """Show how many addresses of a tenant, or of one block, are in use, resting, free"""

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("--block", metavar="<block>", help="Only of this one, by ID or CIDR")

    def object(self, args: Args) -> Utilization:
        tenant = self.tenant(args)
        if args.block is None:
            return self.ipam.utilizations.of_tenant(tenant)
        return self.ipam.ip_blocks.utilization(tenant, self.block(args))
