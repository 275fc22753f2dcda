"""openstack ipam holder: which interface has a shared address now"""

from __future__ import annotations

from melange.client.types import Holder
from melange.osc import base
from melange.osc.base import Args, Parser


class ShowHolder(base.ShowOne):
    """Show which interface holds a shared address"""

    def add_arguments(self, parser: Parser) -> None:
        base.add_address(parser)

    def object(self, args: Args) -> Holder:
        return self.ipam.ip_addresses.holder(self.tenant(args), self.block(args), args.address)


class SetHolder(base.ShowOne):
    """Let an interface hold a shared address that is its own or allowed on it"""

    def add_arguments(self, parser: Parser) -> None:
        base.add_address(parser)
        parser.add_argument("interface", metavar="<interface>", help="Virtual interface")

    def object(self, args: Args) -> Holder:
        where = self.tenant(args), self.block(args), args.address
        return self.ipam.ip_addresses.set_holder(*where, args.interface)


class UnsetHolder(base.Doing):
    """Let no interface hold a shared address"""

    def add_arguments(self, parser: Parser) -> None:
        base.add_address(parser)

    def do(self, args: Args) -> None:
        where = self.tenant(args), self.block(args), args.address
        self.ipam.ip_addresses.unset_holder(*where)
