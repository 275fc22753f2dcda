"""JSON schemas of the objects in answers, by the name that the document gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from melange.ipam import explain, quotas

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NULLABLE: Schema = {"type": ["string", "null"]}
NUMBER: Schema = {"type": "integer"}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
MOMENT: Schema = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$",
    "description": "UTC, to the second, without a zone.",
}
VERSION: Schema = {"type": "integer", "enum": [4, 6]}
MAC: Schema = {
    "type": ["string", "null"],
    "pattern": "^[0-9A-F]{2}(:[0-9A-F]{2}){5}$",
}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: Mapping[str, Any], optional: tuple[str, ...] = (), **more: Any) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": dict(properties), "required": required, **more}


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


_TIMES = {"created_at": MOMENT, "updated_at": MOMENT}

_BLOCK_OF_ALLOCATION = _object(
    {
        "id": TEXT,
        "cidr": TEXT,
        "broadcast": TEXT,
        "gateway": NULLABLE,
        "network_id": NULLABLE,
        "netmask": TEXT,
        "dns1": NULLABLE,
        "dns2": NULLABLE,
        "ip_routes": _array(
            _object({"id": TEXT, "destination": TEXT, "gateway": TEXT, "netmask": NULLABLE})
        ),
        "dhcp_options": _array(_object({"number": NUMBER, "name": NULLABLE, "value": TEXT})),
    }
)

_USE = _object({"limit": {"type": ["integer", "null"]}, "used": COUNT})

_COUNTS = {
    "size": COUNT,
    "carved": COUNT,
    "allocated": COUNT,
    "quarantined": COUNT,
    "reserved": COUNT,
    "free": COUNT,
}

SHAPES: dict[str, Schema] = {
    "IpBlock": _object(
        {
            "id": TEXT,
            "cidr": TEXT,
            "network_id": NULLABLE,
            "policy_id": NULLABLE,
            "tenant_id": TEXT,
            "gateway": NULLABLE,
            "parent_id": NULLABLE,
            "type": {"type": "string", "enum": ["private", "public"]},
            "dns1": NULLABLE,
            "dns2": NULLABLE,
            "broadcast": TEXT,
            "netmask": TEXT,
            "priority": NUMBER,
            "shared": FLAG,
            "tags": _array(TEXT),
            **_TIMES,
        },
    ),
    "IpAddress": _object(
        {
            "id": TEXT,
            "ip_block_id": TEXT,
            "address": TEXT,
            "version": VERSION,
            "used_by_tenant": NULLABLE,
            "used_by_device": NULLABLE,
            "interface_id": NULLABLE,
            **_TIMES,
        }
    ),
    "Allocation": _object(
        {
            "id": TEXT,
            "interface_id": NULLABLE,
            "address": TEXT,
            "version": VERSION,
            "ip_block": _BLOCK_OF_ALLOCATION,
        }
    ),
    "Interface": _object(
        {
            "id": TEXT,
            "device_id": NULLABLE,
            "tenant_id": TEXT,
            "mac_address": MAC,
            "ip_addresses": _array(ref("Allocation")),
            **_TIMES,
        }
    ),
    "MacAddressRange": _object({"id": TEXT, "cidr": TEXT, **_TIMES}),
    "Policy": _object(
        {
            "id": TEXT,
            "name": TEXT,
            "description": NULLABLE,
            "tenant_id": TEXT,
            "keep_deallocated_ips_for_days": {"type": ["integer", "null"]},
            "ipv4_generator": NULLABLE,
            "ipv6_generator": NULLABLE,
            **_TIMES,
        }
    ),
    "IpRange": _object(
        {"id": TEXT, "offset": NUMBER, "length": COUNT, "policy_id": TEXT, **_TIMES}
    ),
    "IpOctet": _object({"id": TEXT, "octet": NUMBER, "policy_id": TEXT, **_TIMES}),
    "IpRoute": _object(
        {"id": TEXT, "destination": TEXT, "netmask": NULLABLE, "gateway": TEXT, **_TIMES}
    ),
    "DhcpOption": _object({"id": TEXT, "number": NUMBER, "name": NULLABLE, "value": TEXT}),
    "FloatingIp": _object(
        {
            "id": TEXT,
            "address": TEXT,
            "version": VERSION,
            "ip_block_id": TEXT,
            "tenant_id": TEXT,
            "inside_local": {
                **_object(
                    {
                        "ip_block_id": TEXT,
                        "address": TEXT,
                        "interface_id": NULLABLE,
                        "used_by_device": NULLABLE,
                    }
                ),
                "type": ["object", "null"],
            },
            **_TIMES,
        }
    ),
    "Holder": _object(
        {"address": TEXT, "interface_id": NULLABLE, "previous": NULLABLE}, optional=("previous",)
    ),
    "Quota": _object(dict.fromkeys(quotas.RESOURCES, _USE)),
    "Utilization": _object(_COUNTS),
    "TenantUtilization": _object(
        {**_COUNTS, "ipv4": ref("Utilization"), "ipv6": ref("Utilization")}
    ),
    "Explanation": _object(
        {
            "address": TEXT,
            "ip_block_id": TEXT,
            "available": FLAG,
            "reason": TEXT,
            "detail": TEXT,
        },
        description=" ".join((explain.Explanation.__doc__ or "").split()),
    ),
    "AuditRecord": _object(
        {
            "id": NUMBER,
            "at": MOMENT,
            "request_id": NULLABLE,
            "user_id": NULLABLE,
            "caller_tenant_id": NULLABLE,
            "tenant_id": NULLABLE,
            "action": TEXT,
            "resource": TEXT,
            "resource_id": TEXT,
            "before": {"type": ["object", "null"]},
            "after": {"type": ["object", "null"]},
        }
    ),
    "Webhook": _object(
        {
            "id": TEXT,
            "tenant_id": NULLABLE,
            "url": TEXT,
            "events": _array(TEXT),
            "secret": {"type": "string", "description": "Told once, by the POST that made it."},
            **_TIMES,
        },
        optional=("secret",),
    ),
    "Delivery": _object(
        {
            "id": TEXT,
            "event_type": TEXT,
            "state": TEXT,
            "attempts": COUNT,
            "next_attempt_at": {"type": ["string", "null"]},
            "status": {"type": ["integer", "null"]},
            "error": NULLABLE,
            **_TIMES,
        }
    ),
    "Extension": _object(
        {
            "name": TEXT,
            "alias": TEXT,
            "description": TEXT,
            "namespace": TEXT,
            "updated": TEXT,
            "links": _array({"type": "object"}),
        }
    ),
    "Link": _object({"rel": TEXT, "href": TEXT}),
    "Error": _object(
        {
            "code": {"type": "integer", "description": "The HTTP status."},
            "message": TEXT,
            "detail": NULLABLE,
            "error_code": {"type": "string", "description": "Stable; for programs."},
        }
    ),
}
