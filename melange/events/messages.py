"""Changes as the world is told of them: event types and payloads.

Those of Melange v0.1 are as they were: blocks and addresses that come into being and go, with a few
fields each. An address comes into being when it is allocated, and goes when it is purged or deleted
with its block. All other types are ``<action> <Model>`` too, with the object before and after.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from melange.ipam.unit import Record

_BLOCK = ("tenant_id", "id", "type", "created_at")
_ADDRESS = {
    "used_by_tenant_id": "used_by_tenant",
    "id": "id",
    "ip_block_id": "ip_block_id",
    "used_by_device_id": "used_by_device",
    "created_at": "created_at",
    "address": "address",
}


ALLOCATION = ("create IpAddress", "allocate IpAddress")
"""What an allocation is told as."""


class Event(NamedTuple):
    """``payload``: JSON values. ``tenant_id``: whose object it is."""

    type: str
    tenant_id: str | None
    payload: dict[str, Any]


def events(record: Record) -> Iterator[Event]:
    """What a change is told as: one event, or two for an allocation."""
    shown = plain(record.after if record.after is not None else record.before or {})
    model = model_of(record.resource)
    if record.resource == "ip_block" and record.action in ("create", "delete"):
        payload = {name: shown.get(name) for name in _BLOCK}
        yield Event(f"{record.action} {model}", record.tenant_id, payload)
        return
    if record.resource == "ip_address" and record.action in ("allocate", "create", "delete"):
        action = "delete" if record.action == "delete" else "create"
        payload = {name: shown.get(own) for name, own in _ADDRESS.items()}
        yield Event(f"{action} {model}", record.tenant_id, payload)
        if record.action != "allocate":
            return
    payload = {
        "id": record.resource_id,
        "tenant_id": record.tenant_id,
        "before": None if record.before is None else plain(record.before),
        "after": None if record.after is None else plain(record.after),
    }
    yield Event(f"{record.action} {model}", record.tenant_id, payload)


def model_of(resource: str) -> str:
    """``ip_block`` -> ``IpBlock``."""
    return "".join(word.capitalize() for word in resource.split("_"))


def plain(view: Mapping[str, Any]) -> dict[str, Any]:
    """A view as JSON has it; moments in UTC to the second, as the API shows them."""
    found: dict[str, Any] = json.loads(json.dumps(view, default=_text))
    return found


def _text(value: object) -> str:
    if isinstance(value, datetime.datetime):
        return value.isoformat(timespec="seconds")
    return str(value)
