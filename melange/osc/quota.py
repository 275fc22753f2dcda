"""openstack ipam quota"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from osc_lib import exceptions

from melange.client.types import Quota
from melange.osc import base
from melange.osc.base import Args, Parser

_RESOURCES = ("ip_blocks", "ip_addresses", "interfaces")


def _rows(quota: Quota) -> list[dict[str, Any]]:
    # A quota is a dict like any other; a newer server may know more resources.
    return [{"resource": name, **use} for name, use in dict(quota).items()]  # type: ignore[dict-item]


class ShowQuota(base.Lister):
    """Show how many blocks, addresses and interfaces a tenant may have, and how many it has"""

    columns = ("resource", "limit", "used")

    def objects(self, args: Args) -> Sequence[dict[str, Any]]:
        return _rows(self.ipam.quotas.of_tenant(self.tenant(args)))


class SetQuota(base.Lister):
    """Set how many blocks, addresses and interfaces a tenant may have"""

    columns = ("resource", "limit", "used")

    def add_arguments(self, parser: Parser) -> None:
        for name in _RESOURCES:
            option = name.replace("_", "-")
            parser.add_argument(
                f"--{option}", metavar="<n>", type=int, help="At most so many; -1: any number"
            )

    def objects(self, args: Args) -> Sequence[dict[str, Any]]:
        limits = base.given(args, *_RESOURCES)
        if not limits:
            raise exceptions.CommandError("of what? give --ip-blocks, --ip-addresses, --interfaces")
        return _rows(self.ipam.quotas.update(self.tenant(args), limits))


class UnsetQuota(base.Doing):
    """Give a tenant the quota that the server is configured for"""

    def do(self, args: Args) -> None:
        self.ipam.quotas.delete(self.tenant(args))
