"""openstack ipam route: static routes that a block's addresses are told"""

from __future__ import annotations

from collections.abc import Iterator

from melange.client.types import IpRoute
from melange.osc import base
from melange.osc.base import Args, Parser


def _add_route(parser: Parser) -> None:
    base.add_block(parser)
    parser.add_argument("route", metavar="<route>", help="Route, by ID")


class CreateRoute(base.ShowOne):
    """Create a static route of a block"""

    def add_arguments(self, parser: Parser) -> None:
        base.add_block(parser)
        parser.add_argument(
            "--destination", metavar="<destination>", required=True, help="Where to"
        )
        parser.add_argument("--gateway", metavar="<gateway>", required=True, help="By way of")
        parser.add_argument("--netmask", metavar="<netmask>", help="Of the destination")

    def object(self, args: Args) -> IpRoute:
        where = self.tenant(args), self.block(args)
        return self.ipam.ip_routes.create(*where, args.destination, args.gateway, args.netmask)


class ListRoute(base.Lister):
    """List the static routes of a block"""

    columns = ("id", "destination", "netmask", "gateway")

    def add_arguments(self, parser: Parser) -> None:
        base.add_block(parser)
        base.add_filters(
            parser,
            destination="Only those to this destination",
            netmask="Only those with this netmask",
            gateway="Only those through this gateway",
        )

    def objects(self, args: Args) -> Iterator[IpRoute]:
        return self.ipam.ip_routes.list(self.tenant(args), self.block(args), **base.chosen(args))


class ShowRoute(base.ShowOne):
    """Show a static route of a block"""

    def add_arguments(self, parser: Parser) -> None:
        _add_route(parser)

    def object(self, args: Args) -> IpRoute:
        return self.ipam.ip_routes.show(self.tenant(args), self.block(args), args.route)


class SetRoute(base.ShowOne):
    """Change a static route of a block"""

    def add_arguments(self, parser: Parser) -> None:
        _add_route(parser)
        parser.add_argument("--destination", metavar="<destination>", help="Where to")
        parser.add_argument("--gateway", metavar="<gateway>", help="By way of")
        base.clearable(parser, "netmask", "Of the destination")

    def object(self, args: Args) -> IpRoute:
        fields = base.changed(args, "destination", "gateway", "netmask")
        where = self.tenant(args), self.block(args), args.route
        return self.ipam.ip_routes.update(*where, **fields)


class DeleteRoute(base.Doing):
    """Delete static routes of a block"""

    def add_arguments(self, parser: Parser) -> None:
        base.add_block(parser)
        parser.add_argument("routes", metavar="<route>", nargs="+", help="Route, by ID")

    def do(self, args: Args) -> None:
        tenant, block = self.tenant(args), self.block(args)
        self.each(args.routes, lambda id: self.ipam.ip_routes.delete(tenant, block, id))
