"""Objects as Melange shows them: what is in the JSON, under the same names.

Timestamps are text, ``YYYY-MM-DDTHH:MM:SS``, UTC. A server that is newer than this module may add
members.
"""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, NotRequired, TypedDict, TypeVar

T = TypeVar("T")


class _Timed(TypedDict):
    created_at: str
    updated_at: str


class IpBlock(_Timed):
    """Subnets are blocks too."""

    id: str
    cidr: str
    network_id: str | None
    policy_id: str | None
    tenant_id: str
    gateway: str | None
    parent_id: str | None
    type: str
    dns1: str | None
    dns2: str | None
    broadcast: str
    netmask: str
    priority: int
    shared: bool
    tags: list[str]


class IpAddress(_Timed):
    """``version``: 4 or 6; ``interface_id``: of the virtual interface, None after a release."""

    id: str
    ip_block_id: str
    address: str
    version: int
    used_by_tenant: str | None
    used_by_device: str | None
    interface_id: str | None


class IpRoute(_Timed):
    id: str
    destination: str
    netmask: str | None
    gateway: str


class DhcpOption(TypedDict):
    """``name`` is None for a number that nobody has named."""

    id: str
    number: int
    name: str | None
    value: str


class BlockOfAllocation(TypedDict):
    """What a DHCP server needs to know of an address's block. ``ip_routes`` and ``dhcp_options``
    are in part what :class:`IpRoute` and :class:`DhcpOption` are.
    """

    id: str
    cidr: str
    broadcast: str
    gateway: str | None
    network_id: str | None
    netmask: str
    dns1: str | None
    dns2: str | None
    ip_routes: list[dict[str, Any]]
    dhcp_options: list[dict[str, Any]]


class Allocation(TypedDict):
    """An address with all that its interface has to be told."""

    id: str
    interface_id: str | None
    address: str
    version: int
    ip_block: BlockOfAllocation


class Interface(_Timed):
    """``id``: of the virtual interface. ``mac_address``: capitals, with colons."""

    id: str
    device_id: str | None
    tenant_id: str
    mac_address: str | None
    ip_addresses: list[Allocation]


class MacAddressRange(_Timed):
    id: str
    cidr: str


class Policy(_Timed):
    id: str
    name: str
    description: str | None
    tenant_id: str
    keep_deallocated_ips_for_days: int | None
    ipv4_generator: str | None
    ipv6_generator: str | None


class IpRange(_Timed):
    """``offset`` counts from the block's first address, or below zero from its end."""

    id: str
    offset: int
    length: int
    policy_id: str


class IpOctet(_Timed):
    id: str
    octet: int
    policy_id: str


class InsideLocal(TypedDict):
    ip_block_id: str
    address: str
    interface_id: str | None
    used_by_device: str | None


class FloatingIp(_Timed):
    """``inside_local``: the address it leads to."""

    id: str
    address: str
    version: int
    ip_block_id: str
    tenant_id: str
    inside_local: InsideLocal | None


class Holder(TypedDict):
    """``interface_id`` None: nobody has claimed the address. ``previous``: who was it before; only
    in the answer to a change.
    """

    address: str
    interface_id: str | None
    previous: NotRequired[str | None]


class Use(TypedDict):
    """``limit`` None: as many as one likes."""

    limit: int | None
    used: int


class Quota(TypedDict):
    ip_blocks: Use
    ip_addresses: Use
    interfaces: Use


class Utilization(TypedDict):
    """Numbers of addresses. ``carved``: what the block's subnets cover; of a block with subnets,
    all but ``size`` is the sum of theirs.
    """

    size: int
    carved: int
    allocated: int
    quarantined: int
    reserved: int
    free: int


class TenantUtilization(Utilization):
    ipv4: Utilization
    ipv6: Utilization


class Explanation(TypedDict):
    """Why an address is available or is not: ``reason`` for programs, ``detail`` for people; and,
    depending on the reason, who has it, until when it rests, which rule keeps it.
    """

    address: str
    ip_block_id: str
    available: bool
    reason: str
    detail: str


class AuditRecord(TypedDict):
    """``before`` and ``after``: the object; None before it was made, and after it was deleted."""

    id: int
    at: str
    request_id: str | None
    user_id: str | None
    caller_tenant_id: str | None
    tenant_id: str | None
    action: str
    resource: str
    resource_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class Webhook(_Timed):
    """``secret`` is told once, when the webhook is made."""

    id: str
    tenant_id: str | None
    url: str
    events: list[str]
    secret: NotRequired[str]


class Delivery(_Timed):
    """A post to a webhook: ``status`` and ``error`` are of the last attempt."""

    id: str
    event_type: str
    state: str
    attempts: int
    next_attempt_at: str | None
    status: int | None
    error: str | None


class Extension(TypedDict):
    name: str
    alias: str
    description: str
    namespace: str
    updated: str
    links: list[dict[str, str]]


class Versioned(NamedTuple, Generic[T]):
    """An object, and the ETag of the state it is in: for ``if_match``."""

    value: T
    etag: str
