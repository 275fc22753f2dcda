"""openstack ipam address"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from melange.client.types import IpAddress
from melange.osc import base
from melange.osc.base import Args, Parser


class AllocateAddress(base.Lister):
    """Allocate an address of a block, or several at once"""

    columns = ("address", "id", "version", "interface_id", "used_by_tenant", "used_by_device")

    def add_arguments(self, parser: Parser) -> None:
        base.add_block(parser)
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--address", metavar="<address>", help="This one; by default the next that is free"
        )
        which.add_argument(
            "--count", metavar="<n>", type=int, help="So many, at most 1024; or none and an error"
        )
        parser.add_argument(
            "--interface", metavar="<interface>", help="Virtual interface; made if there is none"
        )
        parser.add_argument("--device", metavar="<device>", help="Device of a new interface")
        parser.add_argument("--mac-address", metavar="<mac>", help="Of a new interface")
        parser.add_argument(
            "--used-by", metavar="<tenant>", help="Tenant that uses it; default: the block's"
        )
        parser.add_argument(
            "--allow",
            metavar="<interface>",
            action="append",
            help="Further interface that may hold the address (repeat for more)",
        )
        parser.add_argument(
            "--tag", dest="tags", metavar="<tag>", action="append", help="Tag (repeat for more)"
        )

    def objects(self, args: Args) -> Sequence[IpAddress]:
        fields: dict[str, Any] = base.given(
            args,
            *("address", "mac_address", "tags"),
            interface_id="interface",
            tenant_id="used_by",
            used_by_device="device",
            allowed_interfaces="allow",
        )
        tenant, block = self.tenant(args), self.block(args)
        if args.count is not None:
            return self.ipam.ip_addresses.allocate_many(tenant, block, args.count, **fields)
        return [self.ipam.ip_addresses.allocate(tenant, block, **fields)]


class ListAddress(base.Lister):
    """List the addresses of a block, or all that a tenant uses"""

    columns = ("address", "version", "interface_id", "used_by_tenant", "used_by_device")
    more_columns = ("id", "ip_block_id", "created_at", "updated_at")

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument(
            "block",
            metavar="<block>",
            nargs="?",
            help="All of this block, by ID or CIDR, those that rest among them",
        )
        parser.add_argument(
            "--all-tenants", action="store_true", help="Without block: whoever uses them"
        )
        base.add_filters(
            parser,
            *("address", "within", "used_by_device", "interface_id", "network_id"),
            ip_version="Of this version of IP",
            tags=base.tags_of("addresses"),
        )

    def objects(self, args: Args) -> Iterator[IpAddress]:
        filters = base.chosen(args)
        if args.block is not None:
            return self.ipam.ip_addresses.list(self.tenant(args), self.block(args), **filters)
        tenant = None if args.all_tenants else self.tenant(args)
        return self.ipam.allocated_ip_addresses.list(tenant, **filters)


class ShowAddress(base.ShowOne):
    """Show an address"""

    def add_arguments(self, parser: Parser) -> None:
        base.add_address(parser)

    def object(self, args: Args) -> IpAddress:
        return self.ipam.ip_addresses.show(self.tenant(args), self.block(args), args.address)


class ReleaseAddress(base.Doing):
    """Release addresses of a block; they rest before anybody gets them again"""

    def add_arguments(self, parser: Parser) -> None:
        base.add_block(parser)
        parser.add_argument("addresses", metavar="<address>", nargs="+", help="Of that block")

    def do(self, args: Args) -> None:
        tenant, block = self.tenant(args), self.block(args)
        self.each(
            args.addresses,
            lambda address: self.ipam.ip_addresses.release(tenant, block, address),
        )


class RestoreAddress(base.Doing):
    """Take back the release of an address that rests"""

    def add_arguments(self, parser: Parser) -> None:
        base.add_address(parser)

    def do(self, args: Args) -> None:
        self.ipam.ip_addresses.restore(self.tenant(args), self.block(args), args.address)
