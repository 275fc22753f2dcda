"""openstack ipam interface"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from osc_lib import exceptions

from melange.client.types import Interface
from melange.osc import base
from melange.osc.base import Args, Parser


class CreateInterface(base.ShowOne):
    """Create a virtual interface, with addresses of a network if one is given"""

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("--id", metavar="<id>", help="Its ID; by default a new UUID")
        parser.add_argument("--device", metavar="<device>", help="Device (instance) that has it")
        parser.add_argument(
            "--mac-address", metavar="<mac>", help="By default one of the MAC ranges, if any"
        )
        parser.add_argument("--network", metavar="<network>", help="Network it gets addresses of")
        parser.add_argument(
            "--network-tenant", metavar="<tenant>", help="Whose network; default: the interface's"
        )
        parser.add_argument(
            "--address",
            metavar="<address>",
            action="append",
            help="This one of the network (repeat for more); by default one of each family",
        )

    def object(self, args: Args) -> Interface:
        tenant = self.tenant(args)
        fields: dict[str, Any] = base.given(args, "id", "mac_address", device_id="device")
        if args.network is not None:
            fields["network"] = {
                "id": args.network,
                "tenant_id": args.network_tenant or tenant,
                **base.given(args, addresses="address"),
            }
        elif args.address or args.network_tenant:
            raise exceptions.CommandError("of which network? give --network <network>")
        return self.ipam.interfaces.create(tenant, **fields)


class ListInterface(base.Lister):
    """List the interfaces of a device"""

    takes_tenant = False
    columns = ("id", "mac_address", "tenant_id", "addresses")

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("device", metavar="<device>", help="Device (instance)")

    def objects(self, args: Args) -> Sequence[dict[str, Any]]:
        return [
            {**found, "addresses": [one["address"] for one in found["ip_addresses"]]}
            for found in self.ipam.instance_interfaces.list(args.device)
        ]


class ShowInterface(base.ShowOne):
    """Show an interface"""

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("interface", metavar="<interface>", help="Interface, by ID")

    def object(self, args: Args) -> Interface:
        return self.ipam.interfaces.show(self.tenant(args), args.interface)


class DeleteInterface(base.Doing):
    """Delete interfaces, free their MAC addresses and release their addresses"""

    takes_tenant = False

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("interfaces", metavar="<interface>", nargs="+", help="By ID")

    def do(self, args: Args) -> None:
        self.each(args.interfaces, lambda id: self.ipam.interfaces.delete(id))
