"""Addresses: of one block, of everywhere, their translation, their holders; and floating ones."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypedDict, Unpack, cast

from melange.client.ip_blocks import block_path
from melange.client.noun import Noun
from melange.client.transport import path
from melange.client.types import FloatingIp, Holder, IpAddress, Versioned

_PAGE = 100


class IpAddressFields(TypedDict, total=False):
    """``interface_id``: of a virtual interface, made if there is none yet. ``tenant_id``: who uses
    the address, by default whose the block is. ``allowed_interfaces``: further ones that may hold
    the address.
    """

    address: str
    interface_id: str
    tenant_id: str
    used_by_device: str
    mac_address: str
    allowed_interfaces: Sequence[str]
    tags: Sequence[str]


class IpAddresses(Noun):
    def list(self, tenant_id: str, block_id: str, **filters: Any) -> Iterator[IpAddress]:
        """All of the block, the released ones that rest among them."""
        where = block_path(tenant_id, block_id, "ip_addresses")
        return self._all(where, "ip_addresses", filters)

    def allocate(
        self,
        tenant_id: str,
        block_id: str,
        /,
        *,
        idempotency_key: str | None = None,
        **fields: Unpack[IpAddressFields],
    ) -> IpAddress:
        """``address``, or the next that is free."""
        where = block_path(tenant_id, block_id, "ip_addresses")
        return cast(IpAddress, self._create(where, "ip_address", fields, idempotency_key))

    def allocate_many(
        self,
        tenant_id: str,
        block_id: str,
        count: int,
        /,
        *,
        idempotency_key: str | None = None,
        **fields: Unpack[IpAddressFields],
    ) -> builtins.list[IpAddress]:
        """So many (at most 1024), or none and an error."""
        body = {"ip_address": {**fields, "count": count}}
        return self._allocate(tenant_id, block_id, body, idempotency_key)

    def allocate_all(
        self,
        tenant_id: str,
        block_id: str,
        addresses: Sequence[IpAddressFields],
        *,
        idempotency_key: str | None = None,
    ) -> builtins.list[IpAddress]:
        """One for each of ``addresses`` (at most 1024), or none and an error."""
        body = {"ip_addresses": builtins.list(addresses)}
        return self._allocate(tenant_id, block_id, body, idempotency_key)

    def show(self, tenant_id: str, block_id: str, address: str) -> IpAddress:
        where = block_path(tenant_id, block_id, "ip_addresses", address)
        return cast(IpAddress, self._one(where, "ip_address"))

    def show_versioned(self, tenant_id: str, block_id: str, address: str) -> Versioned[IpAddress]:
        where = block_path(tenant_id, block_id, "ip_addresses", address)
        return self._one_versioned(where, "ip_address")

    def release(
        self, tenant_id: str, block_id: str, address: str, *, if_match: str | None = None
    ) -> None:
        """It rests for a while before anybody gets it again. May be repeated."""
        self._http.delete(block_path(tenant_id, block_id, "ip_addresses", address), if_match)

    def restore(
        self, tenant_id: str, block_id: str, address: str, *, if_match: str | None = None
    ) -> None:
        """Takes back a release, while the address rests."""
        where = block_path(tenant_id, block_id, "ip_addresses", address, "restore")
        self._http.put(where, if_match=if_match)

    def holder(self, tenant_id: str, block_id: str, address: str) -> Holder:
        """Which of the interfaces that may have the address has it now."""
        where = block_path(tenant_id, block_id, "ip_addresses", address, "holder")
        return cast(Holder, self._one(where, "holder"))

    def holder_versioned(self, tenant_id: str, block_id: str, address: str) -> Versioned[Holder]:
        where = block_path(tenant_id, block_id, "ip_addresses", address, "holder")
        return self._one_versioned(where, "holder")

    def set_holder(
        self,
        tenant_id: str,
        block_id: str,
        address: str,
        interface_id: str,
        *,
        if_match: str | None = None,
    ) -> Holder:
        where = block_path(tenant_id, block_id, "ip_addresses", address, "holder")
        fields = {"interface_id": interface_id}
        return cast(Holder, self._update(where, "holder", fields, if_match))

    def unset_holder(
        self, tenant_id: str, block_id: str, address: str, *, if_match: str | None = None
    ) -> None:
        where = block_path(tenant_id, block_id, "ip_addresses", address, "holder")
        self._http.delete(where, if_match)

    def _allocate(
        self, tenant_id: str, block_id: str, body: Mapping[str, Any], key: str | None
    ) -> builtins.list[IpAddress]:
        answer = self._http.post(block_path(tenant_id, block_id, "ip_addresses"), body, key)
        return cast("list[IpAddress]", answer["ip_addresses"])


class AllocatedIpAddresses(Noun):
    def list(self, tenant_id: str | None = None, **filters: Any) -> Iterator[IpAddress]:
        """The addresses in use: those a tenant uses, whoever owns their blocks, or everybody's."""
        tenant = () if tenant_id is None else ("tenants", tenant_id)
        return self._all(path("ipam", *tenant, "allocated_ip_addresses"), "ip_addresses", filters)


class AddressOfBlock(TypedDict):
    ip_block_id: str
    ip_address: str


class InsideAddresses(Noun):
    """Network address translation, seen from one of its two ends: ``inside_globals`` are the
    global addresses of a local one, ``inside_locals`` the local addresses of a global one.
    """

    def __init__(self, *given: Any, collection: str) -> None:
        super().__init__(*given)
        self._collection = collection

    def list(
        self, tenant_id: str, block_id: str, address: str, **filters: Any
    ) -> Iterator[IpAddress]:
        """These lists tell no link to the next page: it begins after the last of this one."""
        where, params = self._path(tenant_id, block_id, address), {"limit": _PAGE, **filters}
        while found := self._http.get(where, params)["ip_addresses"]:
            yield from found
            params["marker"] = found[-1]["id"]

    def list_versioned(
        self, tenant_id: str, block_id: str, address: str
    ) -> Versioned[builtins.list[IpAddress]]:
        """The first of them; the ETag is of all."""
        return self._one_versioned(self._path(tenant_id, block_id, address), "ip_addresses")

    def add(
        self,
        tenant_id: str,
        block_id: str,
        address: str,
        others: Sequence[AddressOfBlock],
        *,
        idempotency_key: str | None = None,
    ) -> None:
        body = {"ip_addresses": builtins.list(others)}
        self._http.post(self._path(tenant_id, block_id, address), body, idempotency_key)

    def remove(
        self,
        tenant_id: str,
        block_id: str,
        address: str,
        other: str | None = None,
        *,
        if_match: str | None = None,
    ) -> None:
        """One of them, or all. ``if_match``: of the list."""
        further = () if other is None else (other,)
        self._http.delete(self._path(tenant_id, block_id, address, *further), if_match)

    def _path(self, tenant_id: str, block_id: str, address: str, *further: str) -> str:
        return block_path(tenant_id, block_id, "ip_addresses", address, self._collection, *further)


class Inside(TypedDict):
    """The address that a floating IP leads to."""

    ip_block_id: str
    address: str


class FloatingIps(Noun):
    def list(self, tenant_id: str, **filters: Any) -> Iterator[FloatingIp]:
        return self._all(self._path(tenant_id), "floating_ips", filters)

    def create(
        self,
        tenant_id: str,
        *,
        ip_block_id: str | None = None,
        address: str | None = None,
        inside_local: Inside | None = None,
        idempotency_key: str | None = None,
    ) -> FloatingIp:
        """From a public block of the tenant's, or a shared one; of ``ip_block_id`` if given.
        Associated in the same step when ``inside_local`` is given.
        """
        given = {"ip_block_id": ip_block_id, "address": address, "inside_local": inside_local}
        fields = {name: value for name, value in given.items() if value is not None}
        where = self._path(tenant_id)
        return cast(FloatingIp, self._create(where, "floating_ip", fields, idempotency_key))

    def show(self, tenant_id: str, floating_ip_id: str) -> FloatingIp:
        return cast(FloatingIp, self._one(self._path(tenant_id, floating_ip_id), "floating_ip"))

    def show_versioned(self, tenant_id: str, floating_ip_id: str) -> Versioned[FloatingIp]:
        return self._one_versioned(self._path(tenant_id, floating_ip_id), "floating_ip")

    def associate(
        self,
        tenant_id: str,
        floating_ip_id: str,
        inside_local: Inside | None,
        *,
        if_match: str | None = None,
    ) -> FloatingIp:
        """With another address, or with None any more."""
        where, fields = self._path(tenant_id, floating_ip_id), {"inside_local": inside_local}
        return cast(FloatingIp, self._update(where, "floating_ip", fields, if_match))

    def delete(self, tenant_id: str, floating_ip_id: str, *, if_match: str | None = None) -> None:
        self._http.delete(self._path(tenant_id, floating_ip_id), if_match)

    def _path(self, tenant_id: str, *further: str) -> str:
        return path("ipam", "tenants", tenant_id, "floating_ips", *further)
