"""DHCP options of a block."""

from __future__ import annotations

from melange.api.fieldtypes import NAME, TEXT
from melange.api.members import Members, of_block
from melange.api.row import Schema
from melange.ipam import dhcp_options, shapes

_NUMBER: Schema = {"type": ["integer", "null"]}
# Whoever writes the MTU as a number means its digits.
_VALUE: Schema = {"type": ["string", "integer", "null"], "maxLength": 1024}

ROUTES = Members(
    "/ipam/tenants/{tenant_id}/ip_blocks/{block_id}/dhcp_options",
    "option_id",
    "dhcp_option",
    "dhcp_options",
    of_block,
    dhcp_options,
    shapes.dhcp_option,
    {"number": _NUMBER, "name": NAME, "value": _VALUE},
    {"number": {"type": "integer", "minimum": 0, "maximum": 65535}, "name": TEXT},
).rows()
