"""Last octets of addresses that the blocks of a policy do not give out."""

from __future__ import annotations

from melange.api.fieldtypes import NUMERAL
from melange.api.members import Members, of_policy
from melange.ipam import shapes
from melange.ipam.unusable import OCTETS

ROUTES = Members(
    "/ipam/tenants/{tenant_id}/policies/{policy_id}/unusable_ip_octets",
    "ip_octet_id",
    "ip_octet",
    "ip_octets",
    of_policy,
    OCTETS,
    shapes.ip_octet,
    {"octet": NUMERAL},
    {"octet": {"type": "integer", "minimum": -OCTETS.largest, "maximum": OCTETS.largest}},
).rows()
