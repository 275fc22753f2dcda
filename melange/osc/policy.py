"""openstack ipam policy"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from melange.client.types import Policy
from melange.osc import base
from melange.osc.base import Args, Parser


def _add_settings(parser: Parser) -> None:
    base.clearable(parser, "description", "Description")
    base.clearable(
        parser,
        "keep-days",
        "Days that a released address rests; cleared: as configured",
        metavar="<days>",
        type=int,
    )
    base.clearable(parser, "ipv4-generator", "How IPv4 addresses are drawn; cleared: as configured")
    base.clearable(parser, "ipv6-generator", "How IPv6 addresses are drawn; cleared: as configured")


def _settings(args: Args) -> dict[str, Any]:
    return base.changed(
        args,
        *("name", "description", "ipv4_generator", "ipv6_generator"),
        keep_deallocated_ips_for_days="keep_days",
    )


class CreatePolicy(base.ShowOne):
    """Create a policy: rules by which the addresses of blocks are drawn"""

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("name", metavar="<name>", help="Name; need not be unique")
        _add_settings(parser)

    def object(self, args: Args) -> Policy:
        return self.ipam.policies.create(self.tenant(args), **_settings(args))


class ListPolicy(base.Lister):
    """List policies"""

    columns = ("id", "name", "description")
    more_columns = ("keep_deallocated_ips_for_days", "ipv4_generator", "ipv6_generator")

    def add_arguments(self, parser: Parser) -> None:
        base.add_filters(
            parser,
            name="Only those of this name",
            ipv4_generator="Only those with this generator",
            ipv6_generator="Only those with this generator",
        )

    def objects(self, args: Args) -> Iterator[Policy]:
        return self.ipam.policies.list(self.tenant(args), **base.chosen(args))


class ShowPolicy(base.ShowOne):
    """Show a policy"""

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("policy", metavar="<policy>", help="Policy, by ID")

    def object(self, args: Args) -> Policy:
        return self.ipam.policies.show(self.tenant(args), args.policy)


class SetPolicy(base.ShowOne):
    """Change a policy"""

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("policy", metavar="<policy>", help="Policy, by ID")
        parser.add_argument("--name", metavar="<name>", help="New name")
        _add_settings(parser)

    def object(self, args: Args) -> Policy:
        return self.ipam.policies.update(self.tenant(args), args.policy, **_settings(args))


class DeletePolicy(base.Doing):
    """Delete policies with their ranges and octets; blocks that had one have none"""

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("policies", metavar="<policy>", nargs="+", help="Policy, by ID")

    def do(self, args: Args) -> None:
        tenant = self.tenant(args)
        self.each(args.policies, lambda id: self.ipam.policies.delete(tenant, id))
