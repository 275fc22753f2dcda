"""JSON schemas of fields that several nouns have."""

from __future__ import annotations

from typing import Any

from melange.api.row import Schema

NAME: Schema = {"type": ["string", "null"], "maxLength": 255}
"""A name that somebody gave; null and empty are as good as nothing."""

TEXT: Schema = {"type": "string", "maxLength": 255}
"""Of a query parameter."""

VERSION: Schema = {"type": "integer", "enum": [4, 6]}

# Melange v0.1 makes integers of texts, floats and booleans; what is none is told by the domain.
NUMERAL: Schema = {
    "type": ["integer", "number", "boolean", "string", "null"],
    "maxLength": 64,
}

ADDRESSES: Schema = {"type": ["array", "null"], "items": TEXT, "maxItems": 1024}

TAGS: Schema = {"type": ["array", "null"], "items": {"type": "string"}, "maxItems": 64}

NETWORK: Schema = {
    "type": ["object", "null"],
    "properties": {"id": NAME, "tenant_id": NAME, "addresses": ADDRESSES},
}
"""Where a new interface gets addresses."""


def interface(id_key: str) -> dict[str, Any]:
    """A new interface; ``id_key``: the name of the field with its id."""
    names = dict.fromkeys((id_key, "tenant_id", "device_id", "mac_address"), NAME)
    return {"type": "object", "properties": {**names, "network": NETWORK, "tags": TAGS}}
