"""openstack ipam allocation: what an interface has of a network"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from melange.client.types import Allocation, IpBlock
from melange.osc import base
from melange.osc.base import Args, Parser


def _add_place(parser: Parser) -> None:
    parser.add_argument("network", metavar="<network>", help="Network")
    parser.add_argument("interface", metavar="<interface>", help="Virtual interface")


def _rows(found: Sequence[Allocation]) -> list[dict[str, Any]]:
    return [{**one["ip_block"], **one, "ip_block_id": one["ip_block"]["id"]} for one in found]


class CreateAllocation(base.Lister):
    """Allocate an address of each family of a network to an interface"""

    columns = ("address", "version", "cidr", "gateway", "netmask", "dns1", "dns2")

    def add_arguments(self, parser: Parser) -> None:
        _add_place(parser)
        parser.add_argument(
            "--address",
            metavar="<address>",
            action="append",
            help="This one instead (repeat for more)",
        )
        parser.add_argument("--device", metavar="<device>", help="Device of a new interface")
        parser.add_argument("--mac-address", metavar="<mac>", help="Of a new interface")
        parser.add_argument(
            "--used-by", metavar="<tenant>", help="Tenant of the interface; default: the network's"
        )

    def objects(self, args: Args) -> list[dict[str, Any]]:
        fields: dict[str, Any] = base.given(
            args,
            "mac_address",
            addresses="address",
            tenant_id="used_by",
            used_by_device="device",
        )
        return _rows(
            self.ipam.networks.allocate(self.tenant(args), args.network, args.interface, **fields)
        )


class ListAllocation(base.Lister):
    """List what an interface has of a network"""

    columns = ("address", "version", "cidr", "gateway", "netmask", "dns1", "dns2")
    more_columns = ("id", "ip_block_id", "broadcast", "ip_routes", "dhcp_options")

    def add_arguments(self, parser: Parser) -> None:
        _add_place(parser)
        base.add_filters(
            parser,
            *("address", "within", "ip_block_id"),
            ip_version="Of this version of IP",
            tags=base.tags_of("addresses"),
            paged=False,
        )

    def objects(self, args: Args) -> list[dict[str, Any]]:
        where = self.tenant(args), args.network, args.interface
        return _rows(self.ipam.networks.allocations(*where, **base.chosen(args)))


class DeleteAllocation(base.Doing):
    """Release all that an interface has of a network"""

    def add_arguments(self, parser: Parser) -> None:
        _add_place(parser)

    def do(self, args: Args) -> None:
        self.ipam.networks.deallocate(self.tenant(args), args.network, args.interface)


class ListNetworkBlock(base.Lister):
    """List the blocks of a network, in the order they are drawn from"""

    columns = ("id", "cidr", "type", "priority", "gateway")

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("network", metavar="<network>", help="Network")
        base.add_filters(
            parser,
            *("type", "cidr", "contains", "within"),
            ip_version="Of this version of IP",
            tags=base.tags_of("blocks"),
            paged=False,
        )

    def objects(self, args: Args) -> Sequence[IpBlock]:
        return self.ipam.networks.ip_blocks(self.tenant(args), args.network, **base.chosen(args))
