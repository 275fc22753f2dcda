"""openstack ipam range: ranges of addresses that a policy keeps from everybody"""

from __future__ import annotations

from collections.abc import Iterator

from melange.client.types import IpRange
from melange.osc import base
from melange.osc.base import Args, Parser

_OFFSET = "First address: so many after the block's first, or, below 0, before its end"


def _add_policy(parser: Parser) -> None:
    parser.add_argument("policy", metavar="<policy>", help="Policy, by ID")


class CreateRange(base.ShowOne):
    """Keep a range of a block's addresses from everybody"""

    def add_arguments(self, parser: Parser) -> None:
        _add_policy(parser)
        parser.add_argument("--offset", metavar="<n>", type=int, required=True, help=_OFFSET)
        parser.add_argument(
            "--length", metavar="<n>", type=int, required=True, help="How many addresses"
        )

    def object(self, args: Args) -> IpRange:
        return self.ipam.unusable_ip_ranges.create(
            self.tenant(args), args.policy, args.offset, args.length
        )


class ListRange(base.Lister):
    """List the ranges of a policy"""

    columns = ("id", "offset", "length")

    def add_arguments(self, parser: Parser) -> None:
        _add_policy(parser)
        base.add_filters(
            parser, offset="Only those that begin here", length="Only those of this length"
        )

    def objects(self, args: Args) -> Iterator[IpRange]:
        return self.ipam.unusable_ip_ranges.list(
            self.tenant(args), args.policy, **base.chosen(args)
        )


class ShowRange(base.ShowOne):
    """Show a range of a policy"""

    def add_arguments(self, parser: Parser) -> None:
        _add_policy(parser)
        parser.add_argument("range", metavar="<range>", help="Range, by ID")

    def object(self, args: Args) -> IpRange:
        return self.ipam.unusable_ip_ranges.show(self.tenant(args), args.policy, args.range)


class SetRange(base.ShowOne):
    """Change a range of a policy"""

    def add_arguments(self, parser: Parser) -> None:
        _add_policy(parser)
        parser.add_argument("range", metavar="<range>", help="Range, by ID")
        parser.add_argument("--offset", metavar="<n>", type=int, help=_OFFSET)
        parser.add_argument("--length", metavar="<n>", type=int, help="How many addresses")

    def object(self, args: Args) -> IpRange:
        return self.ipam.unusable_ip_ranges.update(
            self.tenant(args), args.policy, args.range, **base.given(args, "offset", "length")
        )


class DeleteRange(base.Doing):
    """Delete ranges of a policy"""

    def add_arguments(self, parser: Parser) -> None:
        _add_policy(parser)
        parser.add_argument("ranges", metavar="<range>", nargs="+", help="Range, by ID")

    def do(self, args: Args) -> None:
        tenant, ranges = self.tenant(args), self.ipam.unusable_ip_ranges
        self.each(args.ranges, lambda id: ranges.delete(tenant, args.policy, id))
