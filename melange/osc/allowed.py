"""openstack ipam allowed: the addresses that an interface may use beside its own"""

from __future__ import annotations

from collections.abc import Iterator

from melange.client.types import IpAddress
from melange.osc import base
from melange.osc.base import Args, Parser


def _add_interface(parser: Parser) -> None:
    parser.add_argument("interface", metavar="<interface>", help="Virtual interface")


class CreateAllowed(base.ShowOne):
    """Allow an address on an interface"""

    def add_arguments(self, parser: Parser) -> None:
        _add_interface(parser)
        parser.add_argument("network", metavar="<network>", help="Network of the address")
        parser.add_argument("address", metavar="<address>", help="One that is allocated there")

    def object(self, args: Args) -> IpAddress:
        where = self.tenant(args), args.interface
        return self.ipam.allowed_ips.create(*where, args.network, args.address)


class ListAllowed(base.Lister):
    """List the addresses that an interface may use, its own among them"""

    columns = ("address", "version", "interface_id", "used_by_tenant", "ip_block_id")

    def add_arguments(self, parser: Parser) -> None:
        _add_interface(parser)
        names = ("address", "within", "ip_block_id", "network_id")
        base.add_filters(parser, *names, tags=base.tags_of("addresses"), paged=False)

    def objects(self, args: Args) -> Iterator[IpAddress]:
        where = self.tenant(args), args.interface
        return self.ipam.allowed_ips.list(*where, **base.chosen(args))


class ShowAllowed(base.ShowOne):
    """Show an address that an interface may use"""

    def add_arguments(self, parser: Parser) -> None:
        _add_interface(parser)
        parser.add_argument("address", metavar="<address>", help="Address")

    def object(self, args: Args) -> IpAddress:
        return self.ipam.allowed_ips.show(self.tenant(args), args.interface, args.address)


class DeleteAllowed(base.Doing):
    """Allow addresses on an interface no more"""

    def add_arguments(self, parser: Parser) -> None:
        _add_interface(parser)
        parser.add_argument("addresses", metavar="<address>", nargs="+", help="Address")

    def do(self, args: Args) -> None:
        tenant, allowed = self.tenant(args), self.ipam.allowed_ips
        self.each(args.addresses, lambda address: allowed.delete(tenant, args.interface, address))
