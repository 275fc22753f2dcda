"""What concerns a whole tenant, or everything: quotas, tags, utilisation, audit, webhooks."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypedDict, Unpack, cast

from melange.client.ip_blocks import block_path
from melange.client.noun import Noun
from melange.client.transport import path
from melange.client.types import (
    AuditRecord,
    Delivery,
    Extension,
    Quota,
    TenantUtilization,
    Versioned,
    Webhook,
)


class Quotas(Noun):
    """How many blocks, addresses and interfaces a tenant may have."""

    def show(self, tenant_id: str) -> Quota:
        """For administrators; :meth:`of_tenant` for the tenant itself."""
        return cast(Quota, self._one(path("ipam", "quotas", tenant_id), "quota"))

    def show_versioned(self, tenant_id: str) -> Versioned[Quota]:
        return self._one_versioned(path("ipam", "quotas", tenant_id), "quota")

    def of_tenant(self, tenant_id: str) -> Quota:
        return cast(Quota, self._one(path("ipam", "tenants", tenant_id, "quota"), "quota"))

    def update(
        self, tenant_id: str, limits: Mapping[str, int | None], *, if_match: str | None = None
    ) -> Quota:
        """``{"ip_addresses": 100}``; what is not named stays as it is."""
        where = path("ipam", "quotas", tenant_id)
        return cast(Quota, self._update(where, "quota", limits, if_match))

    def delete(self, tenant_id: str, *, if_match: str | None = None) -> None:
        """Back to what the server is configured for."""
        self._http.delete(path("ipam", "quotas", tenant_id), if_match)


class Tags(Noun):
    """Tags of one sort of object; ``where`` is what leads to the object: the arguments of its
    noun's ``show``.
    """

    def of_ip_block(self, tenant_id: str, block_id: str) -> TagsOf:
        return TagsOf(self, block_path(tenant_id, block_id, "tags"))

    def of_ip_address(self, tenant_id: str, block_id: str, address: str) -> TagsOf:
        return TagsOf(self, block_path(tenant_id, block_id, "ip_addresses", address, "tags"))

    def of_interface(self, tenant_id: str, interface_id: str) -> TagsOf:
        where = path("ipam", "tenants", tenant_id, "interfaces", interface_id, "tags")
        return TagsOf(self, where)


class TagsOf:
    """The tags of one object."""

    def __init__(self, tags: Tags, where: str) -> None:
        self._http = tags._http
        self._where = where

    def list(self, **filters: Any) -> builtins.list[str]:
        return cast("list[str]", self._http.get(self._where, filters)["tags"])

    def list_versioned(self) -> Versioned[builtins.list[str]]:
        body, etag = self._http.get_versioned(self._where)
        return Versioned(cast("list[str]", body["tags"]), etag)

    def add(self, tag: str, *, if_match: str | None = None) -> None:
        """May be repeated. ``if_match``: of the list."""
        self._http.put(f"{self._where}/{path(tag)}", if_match=if_match)

    def remove(self, tag: str, *, if_match: str | None = None) -> None:
        """May be repeated. ``if_match``: of the list."""
        self._http.delete(f"{self._where}/{path(tag)}", if_match)


class Utilizations(Noun):
    def of_tenant(self, tenant_id: str) -> TenantUtilization:
        """Of a block: ``ip_blocks.utilization``."""
        where = path("ipam", "tenants", tenant_id, "utilization")
        return cast(TenantUtilization, self._one(where, "utilization"))


class Audit(Noun):
    def list(self, tenant_id: str | None = None, **filters: Any) -> Iterator[AuditRecord]:
        """Of one tenant, or of all. Filters: resource, resource_id, action, user_id, since,
        until.
        """
        tenant = () if tenant_id is None else ("tenants", tenant_id)
        return self._all(path("ipam", *tenant, "audit"), "audit_records", filters)


class WebhookFields(TypedDict, total=False):
    """``secret``: with which the posts are signed. ``events``: which, all if empty."""

    url: str
    secret: str
    events: Sequence[str]


class Webhooks(Noun):
    """Of one tenant, or, without ``tenant_id``, of the administrators: about all tenants."""

    def deliveries(
        self, webhook_id: str, tenant_id: str | None = None, **filters: Any
    ) -> Iterator[Delivery]:
        """What was, is or will be posted. Filters: state, event_type."""
        where = self._path(tenant_id, webhook_id, "deliveries")
        return self._all(where, "deliveries", filters)

    def list(self, tenant_id: str | None = None, **filters: Any) -> Iterator[Webhook]:
        return self._all(self._path(tenant_id), "webhooks", filters)

    def create(
        self,
        tenant_id: str | None = None,
        *,
        idempotency_key: str | None = None,
        **fields: Unpack[WebhookFields],
    ) -> Webhook:
        where = self._path(tenant_id)
        return cast(Webhook, self._create(where, "webhook", fields, idempotency_key))

    def show(self, webhook_id: str, tenant_id: str | None = None) -> Webhook:
        return cast(Webhook, self._one(self._path(tenant_id, webhook_id), "webhook"))

    def show_versioned(self, webhook_id: str, tenant_id: str | None = None) -> Versioned[Webhook]:
        return self._one_versioned(self._path(tenant_id, webhook_id), "webhook")

    def update(
        self,
        webhook_id: str,
        tenant_id: str | None = None,
        *,
        if_match: str | None = None,
        **fields: Unpack[WebhookFields],
    ) -> Webhook:
        where = self._path(tenant_id, webhook_id)
        return cast(Webhook, self._update(where, "webhook", fields, if_match))

    def delete(
        self, webhook_id: str, tenant_id: str | None = None, *, if_match: str | None = None
    ) -> None:
        self._http.delete(self._path(tenant_id, webhook_id), if_match)

    def _path(self, tenant_id: str | None, *further: str) -> str:
        tenant = () if tenant_id is None else ("tenants", tenant_id)
        return path("ipam", *tenant, "webhooks", *further)


class Extensions(Noun):
    """What this server can do beyond the original v0.1."""

    def list(self) -> builtins.list[Extension]:
        return cast("list[Extension]", self._http.get(path("extensions"))["extensions"])

    def show(self, alias: str) -> Extension:
        return cast(Extension, self._one(path("extensions", alias), "extension"))
