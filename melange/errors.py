"""What Melange refuses, with the status and the words of its v0.1 API.

The text is the fault's ``detail``; ``code`` is stable and meant for programs.
"""

from __future__ import annotations

import http
from collections.abc import Mapping, Sequence
from typing import Any

from netkit.errors import BadRequest, Conflict, Forbidden, NotFound, ServiceError


class Invalid(BadRequest):
    """Fields that cannot be as given: ``Invalid({"cidr": ["cidr is invalid"]}, value="10/99")``."""

    code = "invalid_values"

    def __init__(self, fields: Mapping[str, str | Sequence[str]], value: Any = None) -> None:
        self.fields = {
            name: [found] if isinstance(found, str) else list(found)
            for name, found in fields.items()
        }
        told = "; ".join(f"{name}: {', '.join(texts)}" for name, texts in self.fields.items())
        super().__init__(
            f"The following values are invalid: {told}", field=next(iter(self.fields)), value=value
        )


class ParametersMissing(BadRequest):
    """What an address generator cannot do without."""

    code = "parameters_missing"

    def __init__(self, names: Sequence[str]) -> None:
        told = ", ".join(names)
        super().__init__(f"Required params are missing: {told}", field=names[0])


class ModelNotFound(NotFound):
    code = "not_found"
    model = "Object"

    def __init__(self, value: Any = None, field: str = "id") -> None:
        super().__init__(f"{self.model} Not Found", field=field, value=value)


class IpBlockNotFound(ModelNotFound):
    code, model = "ip_block_not_found", "IpBlock"


class IpAddressNotFound(ModelNotFound):
    code, model = "ip_address_not_found", "IpAddress"


class PolicyNotFound(ModelNotFound):
    code, model = "policy_not_found", "Policy"


class IpRangeNotFound(ModelNotFound):
    code, model = "ip_range_not_found", "IpRange"


class IpOctetNotFound(ModelNotFound):
    code, model = "ip_octet_not_found", "IpOctet"


class IpRouteNotFound(ModelNotFound):
    code, model = "ip_route_not_found", "IpRoute"


class DhcpOptionNotFound(ModelNotFound):
    code, model = "dhcp_option_not_found", "DhcpOption"


class InterfaceNotFound(ModelNotFound):
    code, model = "interface_not_found", "Interface"


class MacAddressRangeNotFound(ModelNotFound):
    code, model = "mac_address_range_not_found", "MacAddressRange"


class NetworkNotFound(NotFound):
    code = "network_not_found"

    def __init__(self, network_id: str) -> None:
        super().__init__(f"Network {network_id} not found", field="network_id", value=network_id)


class DuplicateAddress(Conflict):
    code = "address_taken"
    template = "Address is already allocated"


class DhcpOptionTaken(Conflict):
    code = "dhcp_option_taken"
    template = "option {value} of this block is set already: change that one"


class CannotAllocateNow(Conflict):
    code = "cannot_allocate_now"

    def __init__(self, block_id: str) -> None:
        super().__init__(f"Cannot allocate address for block {block_id} at this time")


class OverQuota(Conflict):
    code = "over_quota"
    template = (
        "tenant {value} may have {limit} {resource} and has {used}; {wanted} more are too many"
    )


class Unprocessable(ServiceError):
    status = http.HTTPStatus.UNPROCESSABLE_ENTITY
    code = "unprocessable"


class BlockFull(Unprocessable):
    code = "ip_block_full"
    template = "IpBlock is full"


class NetworkFull(Unprocessable):
    code = "network_full"
    template = "ip blocks in this network are full"


class NoRoomForSubnet(Unprocessable):
    code = "no_room_for_subnet"

    def __init__(self, cidr: str, prefix: int) -> None:
        super().__init__(f"no /{prefix} of {cidr} is free", field="prefix", value=prefix)


class AddressOutside(Unprocessable):
    code = "address_outside"
    template = "Address does not belong to IpBlock"


class AddressLocked(Unprocessable):
    code = "address_locked"
    template = "Address is locked"


class BlockSubnetted(Unprocessable):
    code = "ip_block_subnetted"
    template = "Subnetted block cannot allocate IPAddress"


class PolicyForbids(Unprocessable):
    code = "policy_forbids"
    template = "Block policy does not allow this address"


class InterfaceElsewhere(Unprocessable):
    code = "interface_elsewhere"

    def __init__(self, vif_id: str) -> None:
        super().__init__(
            f"Interface {vif_id} is configured on another network",
            field="interface_id",
            value=vif_id,
        )


class NotAllowedThere(Unprocessable):
    code = "interface_not_on_network"

    def __init__(self, address: str, vif_id: str) -> None:
        super().__init__(
            f"Ip {address} cannot be allowed on interface {vif_id} as interface is not configured"
            " for ip's network",
            field="ip_address",
            value=address,
        )


class NoMoreMacs(Unprocessable):
    code = "no_more_macs"
    template = "No more mac Addresses"


class IdempotencyKeyReused(Unprocessable):
    code = "idempotency_key_reused"
    template = "Idempotency-Key {value} came with another request before; take a new key"


class Stale(ServiceError):
    """If-Match names another state of the object than the one it is in."""

    status = http.HTTPStatus.PRECONDITION_FAILED
    code = "stale"
    template = "the object has changed since: its ETag is {current}, not {value}; look at it again"


class NotAllowedHere(Conflict):
    """An address that is neither owned by an interface nor allowed on it."""

    code = "not_allowed_here"

    def __init__(self, address: str, vif_id: str) -> None:
        super().__init__(
            f"Ip {address} is neither allocated to interface {vif_id} nor allowed on it",
            field="interface_id",
            value=vif_id,
        )


class MacTaken(BadRequest):
    """Another interface has the MAC address."""

    code = "mac_address_taken"

    def __init__(self, text: str) -> None:
        super().__init__(
            f"Failed to save MacAddress because: {text} is in use", field="mac_address", value=text
        )


class UnknownGenerator(BadRequest):
    code = "unknown_generator"
    template = "there is no address generator {value}; there are {known}"


class AllowedIpNotFound(NotFound):
    code = "allowed_ip_not_found"

    def __init__(self, address: str, vif_id: str) -> None:
        super().__init__(
            f"Ip Address {address} hasnt been allowed on interface {vif_id}",
            field="address",
            value=address,
        )


class AddressNotInNetwork(NotFound):
    code = "ip_address_not_in_network"

    def __init__(self, address: str, network_id: str) -> None:
        super().__init__(
            f"IpAddress with address {address} for network {network_id} not found",
            field="ip_address",
            value=address,
        )


class AlreadyAllowed(BadRequest):
    code = "already_allowed"

    def __init__(self, address: str, vif_id: str) -> None:
        super().__init__(
            f"Failed to save AllowedIp because: {address} is allowed on interface {vif_id} already",
            field="ip_address",
            value=address,
        )


class FloatingIpNotFound(ModelNotFound):
    code, model = "floating_ip_not_found", "FloatingIp"


class NoFloatingBlock(Unprocessable):
    code = "no_floating_block"
    template = "There is no public block to take a floating IP from"


class WebhookNotFound(ModelNotFound):
    code, model = "webhook_not_found", "Webhook"


class SharingForbidden(Forbidden):
    """All tenants draw from a shared block, so that sharing one is the operator's."""

    code = "sharing_forbidden"
    template = "only administrators share a block with other tenants"


class ForeignTenant(Forbidden):
    """Another tenant than the caller's, named where it may not act for it."""

    code = "foreign_tenant"
    template = "you may not act for tenant {value}"
