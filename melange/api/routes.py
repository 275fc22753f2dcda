"""The one route table: every noun's rows, in the order in which they are documented."""

from __future__ import annotations

from melange.api import (
    allocated_ip_addresses,
    allowed_ips,
    audit,
    extensions,
    floating_ips,
    holders,
    instances,
    interfaces,
    ip_addresses,
    ip_allocations,
    mac_address_ranges,
    nat,
    quotas,
    tags,
    utilization,
    webhooks,
)
from melange.api.row import Row

ROWS: list[Row] = [
    *ip_addresses.ROUTES,
    *allocated_ip_addresses.ROUTES,
    *nat.ROUTES,
    *holders.ROUTES,
    *ip_allocations.ROUTES,
    *interfaces.ROUTES,
    *instances.ROUTES,
    *mac_address_ranges.ROUTES,
    *allowed_ips.ROUTES,
    *floating_ips.ROUTES,
    *tags.ROUTES,
    *quotas.ROUTES,
    *utilization.ROUTES,
    *audit.ROUTES,
    *webhooks.ROUTES,
    *extensions.ROUTES,
]
