"""Blocks of addresses, and what hangs on a block: subnets, static routes, DHCP options."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypedDict, Unpack, cast

from melange.client.noun import Noun
from melange.client.transport import path
from melange.client.types import (
    DhcpOption,
    Explanation,
    IpBlock,
    IpRoute,
    Utilization,
    Versioned,
)


class IpBlockSettings(TypedDict, total=False):
    """What of a block can be changed."""

    network_id: str | None
    policy_id: str | None
    gateway: str | None
    dns1: str | None
    dns2: str | None
    priority: int
    shared: bool
    tags: Sequence[str]


def block_path(tenant_id: str, block_id: str, *further: str) -> str:
    return path("ipam", "tenants", tenant_id, "ip_blocks", block_id, *further)


class IpBlocks(Noun):
    def list(self, tenant_id: str, **filters: Any) -> Iterator[IpBlock]:
        return self._all(path("ipam", "tenants", tenant_id, "ip_blocks"), "ip_blocks", filters)

    def create(
        self,
        tenant_id: str,
        cidr: str,
        type: str = "private",
        *,
        idempotency_key: str | None = None,
        **settings: Unpack[IpBlockSettings],
    ) -> IpBlock:
        """``type``: ``private`` or ``public``, of which no two overlap."""
        fields = {"cidr": cidr, "type": type, **settings}
        where = path("ipam", "tenants", tenant_id, "ip_blocks")
        return cast(IpBlock, self._create(where, "ip_block", fields, idempotency_key))

    def show(self, tenant_id: str, block_id: str) -> IpBlock:
        return cast(IpBlock, self._one(block_path(tenant_id, block_id), "ip_block"))

    def show_versioned(self, tenant_id: str, block_id: str) -> Versioned[IpBlock]:
        return self._one_versioned(block_path(tenant_id, block_id), "ip_block")

    def update(
        self,
        tenant_id: str,
        block_id: str,
        *,
        if_match: str | None = None,
        **settings: Unpack[IpBlockSettings],
    ) -> IpBlock:
        where = block_path(tenant_id, block_id)
        return cast(IpBlock, self._update(where, "ip_block", settings, if_match))

    def delete(self, tenant_id: str, block_id: str, *, if_match: str | None = None) -> None:
        """The block, all its subnets, and all their addresses."""
        self._http.delete(block_path(tenant_id, block_id), if_match)

    def utilization(self, tenant_id: str, block_id: str) -> Utilization:
        where = block_path(tenant_id, block_id, "utilization")
        return cast(Utilization, self._one(where, "utilization"))

    def explain(self, tenant_id: str, block_id: str, address: str) -> Explanation:
        """Why an address of the block is available or is not."""
        body = self._http.get(block_path(tenant_id, block_id, "explain"), {"address": address})
        return cast(Explanation, body["explanation"])


class Subnets(Noun):
    """A subnet is a block: what :class:`IpBlocks` does with one, it does with it."""

    def list(self, tenant_id: str, block_id: str, **filters: Any) -> Iterator[IpBlock]:
        """Those directly below the block."""
        return self._all(block_path(tenant_id, block_id, "subnets"), "subnets", filters)

    def create(
        self,
        tenant_id: str,
        block_id: str,
        cidr: str | None = None,
        *,
        prefix: int | None = None,
        network_id: str | None = None,
        subnet_tenant_id: str | None = None,
        priority: int | None = None,
        shared: bool | None = None,
        idempotency_key: str | None = None,
    ) -> IpBlock:
        """By ``cidr``, or the lowest free one with a length of ``prefix``."""
        given = {
            "cidr": cidr,
            "prefix": prefix,
            "network_id": network_id,
            "tenant_id": subnet_tenant_id,
            "priority": priority,
            "shared": shared,
        }
        fields = {name: value for name, value in given.items() if value is not None}
        where = block_path(tenant_id, block_id, "subnets")
        return cast(IpBlock, self._create(where, "subnet", fields, idempotency_key))


class IpRouteFields(TypedDict, total=False):
    destination: str
    gateway: str
    netmask: str | None


class IpRoutes(Noun):
    """Static routes that a block's addresses are told."""

    def list(self, tenant_id: str, block_id: str, **filters: Any) -> Iterator[IpRoute]:
        return self._all(block_path(tenant_id, block_id, "ip_routes"), "ip_routes", filters)

    def create(
        self,
        tenant_id: str,
        block_id: str,
        destination: str,
        gateway: str,
        netmask: str | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> IpRoute:
        fields = {"destination": destination, "gateway": gateway, "netmask": netmask}
        where = block_path(tenant_id, block_id, "ip_routes")
        return cast(IpRoute, self._create(where, "ip_route", fields, idempotency_key))

    def show(self, tenant_id: str, block_id: str, route_id: str) -> IpRoute:
        where = block_path(tenant_id, block_id, "ip_routes", route_id)
        return cast(IpRoute, self._one(where, "ip_route"))

    def show_versioned(self, tenant_id: str, block_id: str, route_id: str) -> Versioned[IpRoute]:
        where = block_path(tenant_id, block_id, "ip_routes", route_id)
        return self._one_versioned(where, "ip_route")

    def update(
        self,
        tenant_id: str,
        block_id: str,
        route_id: str,
        *,
        if_match: str | None = None,
        **fields: Unpack[IpRouteFields],
    ) -> IpRoute:
        where = block_path(tenant_id, block_id, "ip_routes", route_id)
        return cast(IpRoute, self._update(where, "ip_route", fields, if_match))

    def delete(
        self, tenant_id: str, block_id: str, route_id: str, *, if_match: str | None = None
    ) -> None:
        where = block_path(tenant_id, block_id, "ip_routes", route_id)
        self._http.delete(where, if_match)


class DhcpOptions(Noun):
    """DHCP options that a block's addresses are told, by name (``mtu``) or number."""

    def list(self, tenant_id: str, block_id: str, **filters: Any) -> Iterator[DhcpOption]:
        where = block_path(tenant_id, block_id, "dhcp_options")
        return self._all(where, "dhcp_options", filters)

    def create(
        self,
        tenant_id: str,
        block_id: str,
        option: str | int,
        value: str,
        *,
        idempotency_key: str | None = None,
    ) -> DhcpOption:
        kind = "number" if isinstance(option, int) else "name"
        where = block_path(tenant_id, block_id, "dhcp_options")
        fields = {kind: option, "value": value}
        return cast(DhcpOption, self._create(where, "dhcp_option", fields, idempotency_key))

    def show(self, tenant_id: str, block_id: str, option_id: str) -> DhcpOption:
        where = block_path(tenant_id, block_id, "dhcp_options", option_id)
        return cast(DhcpOption, self._one(where, "dhcp_option"))

    def show_versioned(
        self, tenant_id: str, block_id: str, option_id: str
    ) -> Versioned[DhcpOption]:
        where = block_path(tenant_id, block_id, "dhcp_options", option_id)
        return self._one_versioned(where, "dhcp_option")

    def update(
        self,
        tenant_id: str,
        block_id: str,
        option_id: str,
        value: str,
        *,
        if_match: str | None = None,
    ) -> DhcpOption:
        where = block_path(tenant_id, block_id, "dhcp_options", option_id)
        return cast(DhcpOption, self._update(where, "dhcp_option", {"value": value}, if_match))

    def delete(
        self, tenant_id: str, block_id: str, option_id: str, *, if_match: str | None = None
    ) -> None:
        where = block_path(tenant_id, block_id, "dhcp_options", option_id)
        self._http.delete(where, if_match)
