"""Ranges of addresses that the blocks of a policy do not give out."""

from __future__ import annotations

from melange.api.fieldtypes import NUMERAL
from melange.api.members import Members, of_policy
from melange.ipam import shapes
from melange.ipam.unusable import RANGES

ROUTES = Members(
    "/ipam/tenants/{tenant_id}/policies/{policy_id}/unusable_ip_ranges",
    "ip_range_id",
    "ip_range",
    "ip_ranges",
    of_policy,
    RANGES,
    shapes.ip_range,
    {"offset": NUMERAL, "length": NUMERAL},
    {
        name: {"type": "integer", "minimum": -RANGES.largest, "maximum": RANGES.largest}
        for name in RANGES.numbers
    },
).rows()
