"""Bodies and query parameters against JSON Schema (2020-12), with messages that say what would be
right.

Almost all of what clients send is right, and jsonschema_rs says so many times faster than
jsonschema; what it does not call right goes to jsonschema, which decides and explains.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jsonschema
import jsonschema_rs
from jsonschema.protocols import Validator

from netkit.errors import ValidationError
from netkit.wsgi import stringformats
from netkit.wsgi.coerce import coerce, property_schema, types_of
from netkit.wsgi.mistakes import describe, location, value_at_fault

Schema = Mapping[str, Any]
MAX_ERRORS = 10

# JSON Schema counts 1.0 as an integer; a handler that was promised an int must not get a float.
_TYPES = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
    "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
)
_Validator: type[Validator] = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator, type_checker=_TYPES
)


@dataclass(frozen=True)
class _Prepared:
    schema: Schema
    validator: Validator
    quick: jsonschema_rs.Draft202012Validator
    has_integers: bool

    def accepts_at_once(self, value: Any) -> bool:
        """True: the value is right. False: it may be wrong."""
        # To jsonschema_rs, 1.0 is an integer.
        if self.has_integers and _holds_float(value):
            return False
        try:
            return self.quick.is_valid(value)
        except ValueError:  # Of a format, or a value that JSON does not have.
            return False


class Validators:
    """One prepared validator per schema."""

    def __init__(self) -> None:
        self._formats = stringformats.checker()
        self._prepared: dict[int, _Prepared] = {}

    def prepare(self, schema: Schema) -> None:
        """Raises jsonschema.SchemaError: the schema itself is wrong."""
        if id(schema) in self._prepared:
            return
        if not jsonschema_rs.meta.is_valid(dict(schema)):
            _Validator.check_schema(dict(schema))
        self._find(schema)

    def check(self, value: Any, schema: Schema) -> None:
        """Raises ValidationError that names up to ten mistakes, in the order of their places in the
        body.
        """
        prepared = self._find(schema)
        if prepared.accepts_at_once(value):
            return
        found = sorted(prepared.validator.iter_errors(value), key=lambda error: location(error))
        if not found:
            return
        messages = [describe(error) for error in found[:MAX_ERRORS]]
        if len(found) > MAX_ERRORS:
            messages.append(f"and {len(found) - MAX_ERRORS} more")
        first = found[0]
        raise ValidationError(
            "; ".join(messages), field=location(first) or None, value=value_at_fault(first)
        )

    def read_query(self, pairs: Sequence[tuple[str, str]], schema: Schema | None) -> dict[str, Any]:
        """Query parameters in the types of their schema; without one, there must be none. Those
        that an open schema does not name are left out. Raises ValidationError.
        """
        schema = _NO_PARAMETERS if schema is None else schema
        if not pairs and _WANTING.isdisjoint(schema):
            return {}
        known = None if _is_closed(schema) else schema.get("properties", {})
        params: dict[str, Any] = {}
        for name, text in pairs:
            if known is not None and name not in known:
                continue
            of_one = property_schema(schema, name)
            if "array" in types_of(of_one):
                params.setdefault(name, []).append(coerce(text, of_one.get("items", {})))
            elif name in params:
                raise ValidationError(f"{name}: is given twice; give it once", field=name)
            else:
                params[name] = coerce(text, of_one)
        self.check(params, schema)
        return params

    def _find(self, schema: Schema) -> _Prepared:
        # By identity: a dict cannot be hashed. The schema is kept, so that its id is not used
        # again.
        found = self._prepared.get(id(schema))
        if found is None:
            quick = jsonschema_rs.Draft202012Validator(
                dict(schema), formats=stringformats.checks(), validate_formats=True
            )
            slow = _Validator(schema, format_checker=self._formats)
            found = _Prepared(schema, slow, quick, "'integer'" in repr(schema))
            self._prepared[id(schema)] = found
        return found


def _holds_float(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_float(item) for item in value.values())
    if isinstance(value, list):
        return any(_holds_float(item) for item in value)
    return isinstance(value, float)


def _is_closed(schema: Schema) -> bool:
    """Whether the schema says something of parameters that it does not name itself."""
    return any(key in schema for key in ("additionalProperties", "anyOf", "oneOf"))


# Keywords that an object without any field may break.
_WANTING = frozenset({"required", "minProperties", "anyOf", "oneOf", "allOf", "not", "$ref"})

_NO_PARAMETERS: Schema = {"type": "object", "additionalProperties": False}
