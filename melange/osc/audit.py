"""openstack ipam audit"""

from __future__ import annotations

from collections.abc import Iterator

from melange.client.types import AuditRecord
from melange.osc import base
from melange.osc.base import Args, Parser


class ListAudit(base.Lister):
    """List who changed what and when"""

    columns = ("id", "at", "user_id", "action", "resource", "resource_id")
    more_columns = ("request_id", "caller_tenant_id", "tenant_id", "before", "after")

    def add_arguments(self, parser: Parser) -> None:
        parser.add_argument("--all-tenants", action="store_true", help="Whosever it is")
        base.add_filters(
            parser,
            resource="Only of this sort: ip_block, ip_address, ...",
            resource_id="Only of this object",
            action="Only these: create, update, delete, allocate, release, ...",
            user_id="Only what this user did",
            request_id="Only what came of this request",
            since="Only from this time on: 2026-11-21T10:00:00, UTC",
            until="Only before this time",
        )

    def objects(self, args: Args) -> Iterator[AuditRecord]:
        tenant = None if args.all_tenants else self.tenant(args)
        return self.ipam.audit.list(tenant, **base.chosen(args))
