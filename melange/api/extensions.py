"""What this service does beyond the original Melange v0.1: one row for each addition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from melange.api.faults import ExtensionNotFound
from melange.api.row import Row
from netkit.wsgi import Request, Result

_NAMESPACE = "http://docs.openstack.org/melange/extensions"
_UPDATED = "2026-11-21T00:00:00Z"


@dataclass(frozen=True)
class Extension:
    """``alias`` is the last segment of its URL; ``updated``: RFC 3339."""

    alias: str
    name: str
    description: str
    updated: str = _UPDATED
    links: tuple[Mapping[str, str], ...] = ()

    def shape(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "alias": self.alias,
            "description": self.description,
            "namespace": f"{_NAMESPACE}/{self.alias}",
            "updated": self.updated,
            "links": list(self.links),
        }


EXTENSIONS = (
    Extension(
        "error-codes",
        "Error codes",
        "Each fault has a member error_code: a stable text for programs.",
    ),
    Extension(
        "idempotency",
        "Idempotency-Key",
        "A POST repeated with the same Idempotency-Key gets the first answer, for 24 hours.",
    ),
    Extension(
        "preconditions",
        "ETag and If-Match",
        "Single objects, and lists that are changed as such, carry an ETag; each PUT and DELETE "
        "with a stale If-Match is refused (412).",
    ),
    Extension(
        "openapi",
        "OpenAPI",
        "GET /v0.1/openapi.json describes every call in OpenAPI 3.1.",
    ),
    Extension(
        "filters",
        "Filters",
        "Each list can be narrowed by what its objects have: address, version, cidr, contains, "
        "within, tenant_id, device_id, network_id, tags, name and so on.",
    ),
    Extension(
        "bulk",
        "Bulk calls",
        "Up to 1024 addresses, or a list of interfaces, in one call: all of them or none.",
    ),
    Extension(
        "interfaces",
        "Interfaces of a tenant",
        "A tenant lists and deletes its interfaces and moves them to other devices; POST "
        "/ipam/instances/{device}/interfaces adds to those that the instance has.",
    ),
    Extension(
        "next-subnet",
        "Next free subnet",
        "POST .../subnets with prefix instead of cidr carves the lowest free subnet of that size.",
    ),
    Extension(
        "block-priorities",
        "Priorities of blocks",
        "A network's blocks are drawn from by their priority, the lowest number first.",
    ),
    Extension(
        "block-sharing",
        "Shared blocks",
        "Other tenants may draw floating IPs from a public block that is shared.",
    ),
    Extension(
        "policy-allocation",
        "Allocation by policy",
        "A policy may say how long released addresses rest (keep_deallocated_ips_for_days) and "
        "which generators draw addresses (ipv4_generator, ipv6_generator).",
    ),
    Extension(
        "dhcp-options",
        "DHCP options",
        "A block has DHCP options, by name or number; allocations tell them beside the routes.",
    ),
    Extension(
        "floating-ips",
        "Floating IPs",
        "A public address allocated and associated with an inside one in a single call.",
    ),
    Extension(
        "holders",
        "Holders of shared addresses",
        "An address allowed on several interfaces tells which of them holds it now.",
    ),
    Extension(
        "quotas",
        "Quotas",
        "A tenant may have so many blocks, addresses and interfaces and no more.",
    ),
    Extension(
        "tags",
        "Tags",
        "Blocks, addresses and interfaces carry tags, by which their lists can be filtered.",
    ),
    Extension(
        "utilization",
        "Utilization",
        "Allocated, quarantined, reserved and free addresses of a block or a tenant.",
    ),
    Extension(
        "explain",
        "Explanations",
        "GET .../ip_blocks/{id}/explain?address= says why an address is available or is not.",
    ),
    Extension(
        "audit",
        "Audit log",
        "Who changed what and when, with the object before and after.",
    ),
    Extension(
        "webhooks",
        "Webhooks",
        "Events are posted, signed, to the URLs that tenants and administrators name.",
    ),
)

_BY_ALIAS = {extension.alias: extension for extension in EXTENSIONS}


def index(request: Request, unit: object) -> Result:
    """What this server does beyond Melange v0.1."""
    return 200, {"extensions": [extension.shape() for extension in EXTENSIONS]}


def show(request: Request, unit: object, alias: str) -> Result:
    """One such thing."""
    extension = _BY_ALIAS.get(alias)
    if extension is None:
        raise ExtensionNotFound(field="alias", value=alias, alias=alias)
    return 200, {"extension": extension.shape()}


ROUTES = [
    Row("GET", "/extensions", index, rule=None),
    Row("GET", "/extensions/{alias}", show, rule=None),
]
