"""Policies: which addresses of a block nobody gets, how others are drawn, how long they rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypedDict, Unpack, cast

from melange.client.noun import Noun
from melange.client.transport import path
from melange.client.types import IpOctet, IpRange, Policy, Versioned


class PolicyFields(TypedDict, total=False):
    """What is not given, or None, is as the server is configured."""

    name: str
    description: str | None
    keep_deallocated_ips_for_days: int | None
    ipv4_generator: str | None
    ipv6_generator: str | None


def policy_path(tenant_id: str, *further: str) -> str:
    return path("ipam", "tenants", tenant_id, "policies", *further)


class Policies(Noun):
    def list(self, tenant_id: str, **filters: Any) -> Iterator[Policy]:
        return self._all(policy_path(tenant_id), "policies", filters)

    def create(
        self,
        tenant_id: str,
        *,
        idempotency_key: str | None = None,
        **fields: Unpack[PolicyFields],
    ) -> Policy:
        """``name`` has to be given."""
        where = policy_path(tenant_id)
        return cast(Policy, self._create(where, "policy", fields, idempotency_key))

    def show(self, tenant_id: str, policy_id: str) -> Policy:
        return cast(Policy, self._one(policy_path(tenant_id, policy_id), "policy"))

    def show_versioned(self, tenant_id: str, policy_id: str) -> Versioned[Policy]:
        return self._one_versioned(policy_path(tenant_id, policy_id), "policy")

    def update(
        self,
        tenant_id: str,
        policy_id: str,
        *,
        if_match: str | None = None,
        **fields: Unpack[PolicyFields],
    ) -> Policy:
        where = policy_path(tenant_id, policy_id)
        return cast(Policy, self._update(where, "policy", fields, if_match))

    def delete(self, tenant_id: str, policy_id: str, *, if_match: str | None = None) -> None:
        self._http.delete(policy_path(tenant_id, policy_id), if_match)


class _Unusable(Noun):
    """A collection below a policy."""

    collection: str
    one: str
    many: str

    def delete(
        self, tenant_id: str, policy_id: str, id: str, *, if_match: str | None = None
    ) -> None:
        self._http.delete(self._path(tenant_id, policy_id, id), if_match)

    def _path(self, tenant_id: str, policy_id: str, *further: str) -> str:
        return policy_path(tenant_id, policy_id, self.collection, *further)


class IpRangeFields(TypedDict, total=False):
    offset: int
    length: int


class UnusableIpRanges(_Unusable):
    """``offset`` counts from the block's first address, or below zero from its end."""

    collection, one, many = "unusable_ip_ranges", "ip_range", "ip_ranges"

    def list(self, tenant_id: str, policy_id: str, **filters: Any) -> Iterator[IpRange]:
        return self._all(self._path(tenant_id, policy_id), self.many, filters)

    def create(
        self,
        tenant_id: str,
        policy_id: str,
        offset: int,
        length: int,
        *,
        idempotency_key: str | None = None,
    ) -> IpRange:
        where, fields = self._path(tenant_id, policy_id), {"offset": offset, "length": length}
        return cast(IpRange, self._create(where, self.one, fields, idempotency_key))

    def show(self, tenant_id: str, policy_id: str, id: str) -> IpRange:
        return cast(IpRange, self._one(self._path(tenant_id, policy_id, id), self.one))

    def show_versioned(self, tenant_id: str, policy_id: str, id: str) -> Versioned[IpRange]:
        return self._one_versioned(self._path(tenant_id, policy_id, id), self.one)

    def update(
        self,
        tenant_id: str,
        policy_id: str,
        id: str,
        *,
        if_match: str | None = None,
        **fields: Unpack[IpRangeFields],
    ) -> IpRange:
        where = self._path(tenant_id, policy_id, id)
        return cast(IpRange, self._update(where, self.one, fields, if_match))


class UnusableIpOctets(_Unusable):
    """``octet``: the last of an IPv4 address, the last 16 bits of an IPv6 one."""

    collection, one, many = "unusable_ip_octets", "ip_octet", "ip_octets"

    def list(self, tenant_id: str, policy_id: str, **filters: Any) -> Iterator[IpOctet]:
        return self._all(self._path(tenant_id, policy_id), self.many, filters)

    def create(
        self,
        tenant_id: str,
        policy_id: str,
        octet: int,
        *,
        idempotency_key: str | None = None,
    ) -> IpOctet:
        where, fields = self._path(tenant_id, policy_id), {"octet": octet}
        return cast(IpOctet, self._create(where, self.one, fields, idempotency_key))

    def show(self, tenant_id: str, policy_id: str, id: str) -> IpOctet:
        return cast(IpOctet, self._one(self._path(tenant_id, policy_id, id), self.one))

    def show_versioned(self, tenant_id: str, policy_id: str, id: str) -> Versioned[IpOctet]:
        return self._one_versioned(self._path(tenant_id, policy_id, id), self.one)

    def update(
        self,
        tenant_id: str,
        policy_id: str,
        id: str,
        octet: int,
        *,
        if_match: str | None = None,
    ) -> IpOctet:
        where = self._path(tenant_id, policy_id, id)
        return cast(IpOctet, self._update(where, self.one, {"octet": octet}, if_match))
