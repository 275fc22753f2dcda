"""Addresses of Melange that are not one interface's own: floating IPs, and shared ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from melange.client import Client
from melange.client import errors as client_errors
from nova_netplugins.netstack.melange_blocks import block_of
from nova_netplugins.netstack.melange_calls import Calls, shortest
from nova_netplugins.netstack.melange_errors import AddressTaken
from nova_netplugins.netstack.model import Block

T = TypeVar("T")


@dataclass(frozen=True)
class Inside:
    """What a floating IP leads to. ``interface_id`` None: the address was released since."""

    address: str
    block_id: str
    interface_id: str | None


@dataclass(frozen=True)
class Floating:
    id: str
    address: str
    version: int
    block_id: str
    tenant_id: str
    inside: Inside | None = None


@dataclass(frozen=True)
class Shared:
    """An address of an interface that is nobody's NIC, so that it outlives all who share it."""

    interface_id: str
    address: str
    version: int
    block_id: str
    tenant_id: str


class SharingCalls(Calls):
    # -- Floating IPs

    def public_blocks(self, *, shared: bool = False) -> list[Block]:
        """Those of the default tenant, in the order in which they are drawn from. ``shared``: only
        those that every tenant's floating IPs may be of."""
        found = self.call(
            "list the public blocks of tenant {}",
            self._default_tenant,
            lambda client: list(client.ip_blocks.list(self._default_tenant, type="public")),
        )
        # Of a block that was carved into subnets, these have the addresses.
        parents = {block["parent_id"] for block in found}
        drawn = [one for one in found if one["id"] not in parents and (one["shared"] or not shared)]
        return [block_of(one) for one in sorted(drawn, key=lambda one: one["priority"])]

    def floating_ips(self, tenant: str, address: str | None = None) -> list[Floating]:
        """A tenant's, or the one with this address."""
        return self.call(
            "list the floating IPs of tenant {}",
            tenant,
            lambda client: [
                _floating(one) for one in client.floating_ips.list(tenant, address=address)
            ],
        )

    def allocate_floating(
        self, tenant: str, block_id: str, address: str | None, key: str
    ) -> Floating | None:
        """None: the block is full. Raises AddressTaken."""
        call = f"allocate a floating IP of block {block_id}"

        def allocate(client: Client) -> Floating:
            made = client.floating_ips.create(
                tenant, ip_block_id=block_id, address=address, idempotency_key=key
            )
            return _floating(made)

        return self.call(call, address or block_id, _unless_full(call, address, allocate))

    def point_floating(self, tenant: str, floating_id: str, inside: Inside | None) -> Floating:
        """At this address and no other, or at none. Raises MelangeNotFound for one that is not in
        use by the tenant."""
        reference: Any = inside and {"ip_block_id": inside.block_id, "address": inside.address}
        return self.call(
            "put a floating IP before address {}" if inside else "put a floating IP before nothing",
            inside and inside.address,
            lambda client: _floating(client.floating_ips.associate(tenant, floating_id, reference)),
        )

    def release_floating(self, tenant: str, floating_id: str) -> None:
        """It is not the tenant's afterwards; it need not have been."""
        self.gone(
            "release floating IP {}",
            floating_id,
            lambda client: client.floating_ips.delete(tenant, floating_id),
        )

    def user_of(self, block_id: str, address: str) -> str | None:
        """The tenant that has the address of this block."""

        def look_up(client: Client) -> str | None:
            listed = client.allocated_ip_addresses.list(ip_block_id=block_id, address=address)
            return next((one["used_by_tenant"] for one in listed), None)

        return self.call("look up address {}", address, look_up)

    # -- Allowed on further interfaces

    def allow(
        self, tenant: str, interface_id: str, network_id: str, address: str, key: str
    ) -> None:
        """The tenant's interface may use an address that the tenant has on the network.

        It may already: that is fine. Raises MelangeNotFound, MelangeRefused.
        """

        def allow(client: Client) -> None:
            try:
                client.allowed_ips.create(
                    tenant, interface_id, network_id, address, idempotency_key=key
                )
            except client_errors.ClientError as error:
                if error.error_code != "already_allowed":
                    raise

        self.call("allow address {} on a further interface", address, allow)

    def forbid(self, tenant: str, interface_id: str, address: str) -> None:
        """Undoes ``allow``; it need not have been allowed."""
        self.gone(
            "forbid an interface address {}",
            address,
            lambda client: client.allowed_ips.delete(tenant, interface_id, address),
        )

    # -- Shared by several interfaces

    def allocate_shared(
        self,
        block: Block,
        tenant: str,
        interface_id: str,
        sharers: Sequence[str],
        address: str | None,
        tags: Sequence[str],
        key: str,
    ) -> Shared | None:
        """For a new interface of this id, and allowed on ``sharers``: all of it or nothing.

        None: the block is full. Raises AddressTaken, MelangeRefused.
        """
        call = f"allocate a shared address of block {block.cidr}"
        fields: dict[str, Any] = {
            "interface_id": interface_id,
            "tenant_id": tenant,
            "used_by_device": f"shared-{block.network_id}"[:18],
            "allowed_interfaces": list(sharers),
            "tags": list(tags),
        }
        if address is not None:
            fields["address"] = address

        def allocate(client: Client) -> Shared:
            made = client.ip_addresses.allocate(
                block.tenant_id, block.id, idempotency_key=key, **fields
            )
            return _shared(made)

        return self.call(call, address or block.id, _unless_full(call, address, allocate))

    def shared(
        self,
        network_id: str,
        tags: Sequence[str],
        tenant: str | None = None,
        address: str | None = None,
    ) -> list[Shared]:
        """The addresses of a network with all of these tags, in the order they were made."""
        return self.call(
            "list the shared addresses of network {}",
            network_id,
            lambda client: [
                _shared(one)
                for one in client.allocated_ip_addresses.list(
                    tenant, network_id=network_id, tags=list(tags), address=address
                )
            ],
        )

    def holder(self, tenant: str, block_id: str, address: str) -> str | None:
        """The interface that says it has the address now."""
        return self.call(
            "show the holder of shared address {}",
            address,
            lambda client: client.ip_addresses.holder(tenant, block_id, address)["interface_id"],
        )

    def set_holder(self, tenant: str, block_id: str, address: str, interface_id: str) -> None:
        """Raises MelangeRefused for an interface that may not use the address."""
        self.call(
            "make an interface the holder of shared address {}",
            address,
            lambda client: client.ip_addresses.set_holder(tenant, block_id, address, interface_id),
        )

    def unset_holder(self, tenant: str, block_id: str, address: str) -> None:
        self.call(
            "unset the holder of shared address {}",
            address,
            lambda client: client.ip_addresses.unset_holder(tenant, block_id, address),
        )


def _unless_full(
    call: str, address: str | None, allocate: Callable[[Client], T]
) -> Callable[[Client], T | None]:
    def attempt(client: Client) -> T | None:
        try:
            return allocate(client)
        except client_errors.ClientError as error:
            if error.error_code == "ip_block_full":
                return None
            if address is not None and error.error_code in ("address_taken", "policy_forbids"):
                reason = error.detail or str(error)
                raise AddressTaken(call, value=address, reason=reason) from error
            raise

    return attempt


def _floating(found: Mapping[str, Any]) -> Floating:
    local = found["inside_local"]
    inside = local and Inside(
        shortest(local["address"]), local["ip_block_id"], local["interface_id"]
    )
    return Floating(
        id=found["id"],
        address=shortest(found["address"]),
        version=found["version"],
        block_id=found["ip_block_id"],
        tenant_id=found["tenant_id"],
        inside=inside,
    )


def _shared(found: Mapping[str, Any]) -> Shared:
    return Shared(
        interface_id=found["interface_id"],
        address=shortest(found["address"]),
        version=found["version"],
        block_id=found["ip_block_id"],
        tenant_id=found["used_by_tenant"],
    )
