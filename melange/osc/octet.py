"""openstack ipam octet: last octets that a policy keeps from everybody"""

from __future__ import annotations

from collections.abc import Iterator

from melange.client.types import IpOctet
from melange.osc import base
from melange.osc.base import Args, Parser

_OCTET = "Of IPv6: the last 16 bits"


def _add_policy(parser: Parser) -> None:
    parser.add_argument("policy", metavar="<policy>", help="Policy, by ID")


class CreateOctet(base.ShowOne):
    """Keep all addresses with this last octet from everybody"""

    def add_arguments(self, parser: Parser) -> None:
        _add_policy(parser)
        parser.add_argument("octet", metavar="<octet>", type=int, help=_OCTET)

    def object(self, args: Args) -> IpOctet:
        return self.ipam.unusable_ip_octets.create(self.tenant(args), args.policy, args.octet)


class ListOctet(base.Lister):
    """List the octets of a policy"""

    columns = ("id", "octet")

    def add_arguments(self, parser: Parser) -> None:
        _add_policy(parser)
        base.add_filters(parser, octet="Only this one")

    def objects(self, args: Args) -> Iterator[IpOctet]:
        return self.ipam.unusable_ip_octets.list(
            self.tenant(args), args.policy, **base.chosen(args)
        )


class ShowOctet(base.ShowOne):
    """Show an octet of a policy"""

    def add_arguments(self, parser: Parser) -> None:
        _add_policy(parser)
        parser.add_argument("id", metavar="<id>", help="Octet, by ID")

    def object(self, args: Args) -> IpOctet:
        return self.ipam.unusable_ip_octets.show(self.tenant(args), args.policy, args.id)


class SetOctet(base.ShowOne):
    """Change an octet of a policy"""

    def add_arguments(self, parser: Parser) -> None:
        _add_policy(parser)
        parser.add_argument("id", metavar="<id>", help="Octet, by ID")
        parser.add_argument("octet", metavar="<octet>", type=int, help=_OCTET)

    def object(self, args: Args) -> IpOctet:
        where = self.tenant(args), args.policy, args.id
        return self.ipam.unusable_ip_octets.update(*where, args.octet)


class DeleteOctet(base.Doing):
    """Delete octets of a policy"""

    def add_arguments(self, parser: Parser) -> None:
        _add_policy(parser)
        parser.add_argument("octets", metavar="<octet>", nargs="+", help="Octet, by ID")

    def do(self, args: Args) -> None:
        tenant, octets = self.tenant(args), self.ipam.unusable_ip_octets
        self.each(args.octets, lambda id: octets.delete(tenant, args.policy, id))
