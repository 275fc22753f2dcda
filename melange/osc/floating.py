"""openstack ipam floating"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from osc_lib import exceptions

from melange.client.ip_addresses import Inside
from melange.client.types import FloatingIp
from melange.osc import base
from melange.osc.base import Args, Parser


def _add_inside(parser: Parser) -> None:
    parser.add_argument(
        "--inside",
        metavar="<block>,<address>",
        help="Address that it leads to: its block, by ID or CIDR, and itself",
    )


def _inside(command: base.IpamCommand, args: Args) -> Inside | None:
    if args.inside is None:
        return None
    args.block, comma, address = args.inside.partition(",")
    if not comma:
        raise exceptions.CommandError(f"{args.inside!r} is not <block>,<address>")
    return {"ip_block_id": command.block(args), "address": address}


class CreateFloating(base.ShowOne):
    """Allocate a floating IP, and associate it if --inside is given"""

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("--block", metavar="<block>", help="Public block, by ID or CIDR")
        parser.add_argument("--address", metavar="<address>", help="This one of the block")
        _add_inside(parser)

    def object(self, args: Args) -> FloatingIp:
        fields: dict[str, Any] = base.given(args, "address")
        if args.block is not None:
            fields["ip_block_id"] = self.block(args)
        inside = _inside(self, args)
        return self.ipam.floating_ips.create(self.tenant(args), inside_local=inside, **fields)


class ListFloating(base.Lister):
    """List floating IPs"""

    columns = ("id", "address", "ip_block_id", "inside_local")

    def add_arguments(self, parser: Parser) -> None:
        names = ("address", "within", "ip_block_id", "network_id")
        base.add_filters(parser, *names, tags=base.tags_of("floating IPs"))

    def objects(self, args: Args) -> Iterator[FloatingIp]:
        return self.ipam.floating_ips.list(self.tenant(args), **base.chosen(args))


class ShowFloating(base.ShowOne):
    """Show a floating IP"""

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("floating_ip", metavar="<floating-ip>", help="Floating IP, by ID")

    def object(self, args: Args) -> FloatingIp:
        return self.ipam.floating_ips.show(self.tenant(args), args.floating_ip)


class SetFloating(base.ShowOne):
    """Associate a floating IP with another address, or with none"""

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("floating_ip", metavar="<floating-ip>", help="Floating IP, by ID")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--no-inside", action="store_true", help="With none any more")
        _add_inside(which)  # type: ignore[arg-type]

    def object(self, args: Args) -> FloatingIp:
        inside = _inside(self, args)
        return self.ipam.floating_ips.associate(self.tenant(args), args.floating_ip, inside)


class DeleteFloating(base.Doing):
    """Release floating IPs"""

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("floating_ips", metavar="<floating-ip>", nargs="+", help="By ID")

    def do(self, args: Args) -> None:
        tenant = self.tenant(args)
        self.each(args.floating_ips, lambda id: self.ipam.floating_ips.delete(tenant, id))
