"""openstack ipam interface"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
        parser.add_argument(
            "--tag", dest="tags", metavar="<tag>", action="append", help="Tag (repeat for more)"
        )

    def object(self, args: Args) -> Interface:
        tenant = self.tenant(args)
        fields: dict[str, Any] = base.given(args, "id", "mac_address", "tags", device_id="device")
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
    """List interfaces: a tenant's, or all of one device"""

    columns = ("id", "mac_address", "device_id", "tenant_id", "addresses")

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument(
            "--all-of-device",
            metavar="<device>",
            help="Whosever they are, for administrators; without --limit",
        )
        base.add_filters(
            parser,
            device_id="Only those of this device",
            network_id="Only those with an address of this network",
            mac_address="Only the one with this MAC address",
            address="Only those with this address",
            tags=base.tags_of("interfaces"),
        )

    def objects(self, args: Args) -> Iterator[dict[str, Any]]:
        found: Iterable[Interface]
        if args.all_of_device is not None:
            found = self.ipam.instance_interfaces.list(args.all_of_device, **base.chosen(args))
        else:
            found = self.ipam.interfaces.list(self.tenant(args), **base.chosen(args))
        for one in found:
            yield {**one, "addresses": [address["address"] for address in one["ip_addresses"]]}


class ShowInterface(base.ShowOne):
    """Show an interface"""

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("interface", metavar="<interface>", help="Interface, by ID")

    def object(self, args: Args) -> Interface:
        return self.ipam.interfaces.show(self.tenant(args), args.interface)


class SetInterface(base.ShowOne):
    """Change the device of an interface"""

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("interface", metavar="<interface>", help="Interface, by ID")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--device", metavar="<device>", help="Device that has it now")
        which.add_argument("--no-device", action="store_true", help="No device has it")

    def object(self, args: Args) -> Interface:
        return self.ipam.interfaces.update(self.tenant(args), args.interface, device_id=args.device)


class DeleteInterface(base.Doing):
    """Delete interfaces, free their MAC addresses and release their addresses"""

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("interfaces", metavar="<interface>", nargs="+", help="By ID")

    def do(self, args: Args) -> None:
        tenant = self.tenant(args)
        self.each(args.interfaces, lambda id: self.ipam.interfaces.delete(id, tenant))
