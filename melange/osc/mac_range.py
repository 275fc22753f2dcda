"""openstack ipam mac range"""

from __future__ import annotations

from collections.abc import Iterator

from melange.client.types import MacAddressRange
from melange.osc import base
from melange.osc.base import Args, Parser


class CreateMacRange(base.ShowOne):
    """Create a range that interfaces get MAC addresses of"""

    takes_tenant = False

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("cidr", metavar="<cidr>", help="FA:16:3E:00:00:00/24")

    def object(self, args: Args) -> MacAddressRange:
        return self.ipam.mac_address_ranges.create(args.cidr)


class ListMacRange(base.Lister):
    """List MAC address ranges"""

    takes_tenant = False
    columns = ("id", "cidr", "created_at")

    def add_arguments(self, parser: Parser) -> None:
        base.add_filters(
            parser,
            "cidr",
            contains="Only the one with this MAC address in it",
            paged=False,
        )

    def objects(self, args: Args) -> Iterator[MacAddressRange]:
        return self.ipam.mac_address_ranges.list(**base.chosen(args))


class ShowMacRange(base.ShowOne):
    """Show a MAC address range"""

    takes_tenant = False

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("range", metavar="<range>", help="Range, by ID")

    def object(self, args: Args) -> MacAddressRange:
        return self.ipam.mac_address_ranges.show(args.range)


class DeleteMacRange(base.Doing):
    """Delete MAC address ranges"""

    takes_tenant = False

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("ranges", metavar="<range>", nargs="+", help="Range, by ID")

    def do(self, args: Args) -> None:
        self.each(args.ranges, lambda id: self.ipam.mac_address_ranges.delete(id))
