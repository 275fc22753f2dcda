"""Texts of XML elements and query parameters to the types that a JSON schema gives them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

# 40 digits hold 128 bits; more stays a string, which validation then refuses.
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def types_of(schema: Schema) -> frozenset[str]:
    """The JSON types that a schema allows, also through anyOf and oneOf; empty: any."""
    own = schema.get("type", [])
    found = {own} if isinstance(own, str) else set(own)
    for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        found |= types_of(branch)
    return frozenset(found)


def property_schema(schema: Schema, name: str) -> Schema:
    """The schema of one field of an object; {} (anything) when the schema does not know it."""
    found = schema.get("properties", {}).get(name)
    if found is None:
        branches = (*schema.get("anyOf", ()), *schema.get("oneOf", ()))
        found = next((p for b in branches if (p := property_schema(b, name))), None)
    if found is None:
        found = schema.get("additionalProperties")
    return found if isinstance(found, Mapping) else {}


def coerce(text: str, schema: Schema) -> Any:
    """The text as integer, number or boolean where the schema allows that; else unchanged.

    An XML boolean is ``true``, ``false``, ``1`` or ``0`` (XML Schema part 2, 3.2.2).
    """
    types = types_of(schema)
    word = text.strip()
    if "integer" in types and _INTEGER.fullmatch(word):
        return int(word)
    if "boolean" in types and word.lower() in _BOOLEANS:
        return _BOOLEANS[word.lower()]
    if "number" in types and _NUMBER.fullmatch(word):
        return float(word)
    return text
