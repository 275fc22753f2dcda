"""Virtual interfaces, and what they get: MAC addresses, addresses of a network, allowed ones."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Sequence
from typing import Any, TypedDict, Unpack, cast

from melange.client.noun import Noun
from melange.client.transport import path
from melange.client.types import (
    Allocation,
    Interface,
    IpAddress,
    IpBlock,
    MacAddressRange,
    Versioned,
)


class NetworkOfInterface(TypedDict, total=False):
    """``tenant_id``: whose the network is. ``addresses``: these, instead of one of each family."""

    id: str
    tenant_id: str
    addresses: Sequence[str]


class InterfaceFields(TypedDict, total=False):
    """``id``: of the virtual interface, by default a new UUID."""

    id: str
    device_id: str
    mac_address: str
    network: NetworkOfInterface
    tags: Sequence[str]


class InterfaceOfInstance(TypedDict, total=False):
    virtual_interface_id: str
    mac_address: str
    network: NetworkOfInterface
    tags: Sequence[str]


class Interfaces(Noun):
    def list(self, tenant_id: str, **filters: Any) -> Iterator[Interface]:
        where = path("ipam", "tenants", tenant_id, "interfaces")
        return self._all(where, "interfaces", filters)

    def create(
        self,
        tenant_id: str,
        *,
        idempotency_key: str | None = None,
        **fields: Unpack[InterfaceFields],
    ) -> Interface:
        """With a MAC address if there are ranges of them, and with addresses of ``network``."""
        body = {"tenant_id": tenant_id, **fields}
        where = path("ipam", "interfaces")
        return cast(Interface, self._create(where, "interface", body, idempotency_key))

    def create_all(
        self,
        tenant_id: str,
        interfaces: Sequence[InterfaceFields],
        *,
        idempotency_key: str | None = None,
    ) -> builtins.list[Interface]:
        """All of them, or none and an error."""
        wanted = [{"tenant_id": tenant_id, **fields} for fields in interfaces]
        where = path("ipam", "interfaces")
        made = self._http.post(where, {"interfaces": wanted}, idempotency_key)["interfaces"]
        return cast("builtins.list[Interface]", made)

    def show(self, tenant_id: str, interface_id: str) -> Interface:
        where = path("ipam", "tenants", tenant_id, "interfaces", interface_id)
        return cast(Interface, self._one(where, "interface"))

    def show_versioned(self, tenant_id: str, interface_id: str) -> Versioned[Interface]:
        where = path("ipam", "tenants", tenant_id, "interfaces", interface_id)
        return self._one_versioned(where, "interface")

    def update(
        self,
        tenant_id: str,
        interface_id: str,
        *,
        device_id: str | None,
        if_match: str | None = None,
    ) -> Interface:
        where = path("ipam", "tenants", tenant_id, "interfaces", interface_id)
        fields = {"device_id": device_id}
        return cast(Interface, self._update(where, "interface", fields, if_match))

    def delete(
        self, interface_id: str, tenant_id: str | None = None, *, if_match: str | None = None
    ) -> None:
        """Frees its MAC address and releases its addresses. Without ``tenant_id`` this is for
        administrators.
        """
        tenant = () if tenant_id is None else ("tenants", tenant_id)
        self._http.delete(path("ipam", *tenant, "interfaces", interface_id), if_match)


class InstanceInterfaces(Noun):
    """All interfaces of one device."""

    def list(self, device_id: str, **filters: Any) -> builtins.list[Interface]:
        return self._of(self._http.get(self._path(device_id), filters))

    def list_versioned(self, device_id: str) -> Versioned[builtins.list[Interface]]:
        body, etag = self._http.get_versioned(self._path(device_id))
        return Versioned(self._of(body), etag)

    def replace(
        self,
        device_id: str,
        tenant_id: str,
        interfaces: Sequence[InterfaceOfInstance],
        *,
        if_match: str | None = None,
    ) -> builtins.list[Interface]:
        """Instead of all that the device has; all of them, or no change and an error."""
        instance = {"tenant_id": tenant_id, "interfaces": builtins.list(interfaces)}
        return self._of(self._http.put(self._path(device_id), {"instance": instance}, if_match))

    def add(
        self,
        device_id: str,
        tenant_id: str,
        interfaces: Sequence[InterfaceOfInstance],
        *,
        idempotency_key: str | None = None,
    ) -> builtins.list[Interface]:
        """To those that the device has; all of them, or none and an error."""
        instance = {"tenant_id": tenant_id, "interfaces": builtins.list(interfaces)}
        body = {"instance": instance}
        return self._of(self._http.post(self._path(device_id), body, idempotency_key))

    def delete(self, device_id: str, *, if_match: str | None = None) -> None:
        self._http.delete(self._path(device_id), if_match)

    def _path(self, device_id: str) -> str:
        return path("ipam", "instances", device_id, "interfaces")

    def _of(self, body: dict[str, Any]) -> builtins.list[Interface]:
        return cast("list[Interface]", body["instance"]["interfaces"])


class MacAddressRanges(Noun):
    def list(self, **filters: Any) -> Iterator[MacAddressRange]:
        return self._all(path("ipam", "mac_address_ranges"), "mac_address_ranges", filters)

    def create(self, cidr: str, *, idempotency_key: str | None = None) -> MacAddressRange:
        """``AA:BB:CC:00:00:00/24``: the prefix counts in 48 bits."""
        where, root = path("ipam", "mac_address_ranges"), "mac_address_range"
        return cast(MacAddressRange, self._create(where, root, {"cidr": cidr}, idempotency_key))

    def show(self, range_id: str) -> MacAddressRange:
        where = path("ipam", "mac_address_ranges", range_id)
        return cast(MacAddressRange, self._one(where, "mac_address_range"))

    def show_versioned(self, range_id: str) -> Versioned[MacAddressRange]:
        where = path("ipam", "mac_address_ranges", range_id)
        return self._one_versioned(where, "mac_address_range")

    def delete(self, range_id: str, *, if_match: str | None = None) -> None:
        self._http.delete(path("ipam", "mac_address_ranges", range_id), if_match)


class AllocationFields(TypedDict, total=False):
    """``tenant_id``: whose the interface is, by default whose the network is."""

    addresses: Sequence[str]
    tenant_id: str
    used_by_device: str
    mac_address: str


class Networks(Noun):
    """The blocks of a network, and an interface's addresses in it."""

    def ip_blocks(self, tenant_id: str, network_id: str, **filters: Any) -> builtins.list[IpBlock]:
        where = path("ipam", "tenants", tenant_id, "networks", network_id)
        body = self._http.get(where, filters)
        return cast("list[IpBlock]", body["ip_blocks"])

    def allocate(
        self,
        tenant_id: str,
        network_id: str,
        interface_id: str,
        /,
        *,
        idempotency_key: str | None = None,
        **fields: Unpack[AllocationFields],
    ) -> builtins.list[Allocation]:
        """One of each family that the network has, or ``addresses``; all of them, or none and an
        error.
        """
        where = self._path(tenant_id, network_id, interface_id)
        body = self._http.post(where, {"network": fields}, idempotency_key)
        return cast("list[Allocation]", body["ip_addresses"])

    def allocations(
        self, tenant_id: str, network_id: str, interface_id: str, **filters: Any
    ) -> builtins.list[Allocation]:
        body = self._http.get(self._path(tenant_id, network_id, interface_id), filters)
        return cast("list[Allocation]", body["ip_addresses"])

    def allocations_versioned(
        self, tenant_id: str, network_id: str, interface_id: str
    ) -> Versioned[builtins.list[Allocation]]:
        where = self._path(tenant_id, network_id, interface_id)
        return self._one_versioned(where, "ip_addresses")

    def deallocate(
        self, tenant_id: str, network_id: str, interface_id: str, *, if_match: str | None = None
    ) -> None:
        """All that the interface has in the network. May be repeated."""
        self._http.delete(self._path(tenant_id, network_id, interface_id), if_match)

    def _path(self, tenant_id: str, network_id: str, interface_id: str) -> str:
        network = ("ipam", "tenants", tenant_id, "networks", network_id)
        return path(*network, "interfaces", interface_id, "ip_allocations")


class AllowedIps(Noun):
    """Addresses that an interface may use beside its own."""

    def list(self, tenant_id: str, interface_id: str, **filters: Any) -> Iterator[IpAddress]:
        """Its own among them."""
        return self._all(self._path(tenant_id, interface_id), "ip_addresses", filters)

    def create(
        self,
        tenant_id: str,
        interface_id: str,
        network_id: str,
        ip_address: str,
        *,
        idempotency_key: str | None = None,
    ) -> IpAddress:
        """``ip_address``: one that is allocated in that network."""
        fields = {"network_id": network_id, "ip_address": ip_address}
        where = self._path(tenant_id, interface_id)
        body = self._http.post(where, {"allowed_ip": fields}, idempotency_key)
        return cast(IpAddress, body["ip_address"])

    def show(self, tenant_id: str, interface_id: str, address: str) -> IpAddress:
        return cast(
            IpAddress, self._one(self._path(tenant_id, interface_id, address), "ip_address")
        )

    def show_versioned(
        self, tenant_id: str, interface_id: str, address: str
    ) -> Versioned[IpAddress]:
        return self._one_versioned(self._path(tenant_id, interface_id, address), "ip_address")

    def delete(
        self, tenant_id: str, interface_id: str, address: str, *, if_match: str | None = None
    ) -> None:
        self._http.delete(self._path(tenant_id, interface_id, address), if_match)

    def _path(self, tenant_id: str, interface_id: str, *further: str) -> str:
        interface = ("ipam", "tenants", tenant_id, "interfaces", interface_id)
        # A route that takes the end of its path for an address, whatever it looks like.
        return path(*interface, "allowed_ips", *further, suffix=False)
