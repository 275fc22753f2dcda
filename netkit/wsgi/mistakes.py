"""A violated JSON Schema keyword in words: where, what was given, what would be right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jsonschema.exceptions import ValidationError, best_match

from netkit.errors import shorten
from netkit.wsgi import stringformats

_TYPE_NAMES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "an integer",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


def location(error: ValidationError) -> str:
    """The place of the mistake as a client writes it: ``network.dns[1]``; empty: the whole body.

    A missing or unknown field is itself the place.
    """
    path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path)
    if error.validator == "required":
        path += f".{_missing(error)}"
    elif error.validator == "additionalProperties":
        path += f".{_unknown(error)[0]}"
    return path.removeprefix(".")


def value_at_fault(error: ValidationError) -> Any:
    """The value at ``location``; None where something is missing."""
    given: Any = error.instance
    if error.validator == "required":
        return None
    return given[_unknown(error)[0]] if error.validator == "additionalProperties" else given


def describe(error: ValidationError) -> str:
    """One sentence about one mistake."""
    where = location(error) or "the body"
    say = _SENTENCES.get(str(error.validator))
    return f"{where}: {say(error) if say else error.message}"


def _wanted(error: ValidationError) -> Any:
    """The value of the violated keyword."""
    return error.validator_value


def _known(error: ValidationError) -> list[str]:
    schema: Any = error.schema
    return sorted(schema.get("properties", {}))


def _missing(error: ValidationError) -> str:
    # jsonschema reports each missing field on its own, but only its message says which.
    names: list[str] = _wanted(error)
    return next(name for name in names if error.message.startswith(repr(name)))


def _unknown(error: ValidationError) -> list[str]:
    given: Any = error.instance
    return sorted(set(given) - set(_known(error)))


def _unknown_sentence(error: ValidationError) -> str:
    names = ", ".join(shorten(name) for name in _unknown(error)[:5])
    return f"{names} is not known here; known are: {', '.join(_known(error)) or 'none'}"


def _type_sentence(error: ValidationError) -> str:
    wanted = _wanted(error)
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    return f"{_given(error)} is not {' or '.join(_TYPE_NAMES[name] for name in names)}"


def _alternatives_sentence(error: ValidationError) -> str:
    nearest = best_match(error.context)
    return describe(nearest).partition(": ")[2] if nearest else f"{_given(error)} fits none"


def _given(error: ValidationError) -> str:
    return shorten(error.instance)


def _bound(text: str) -> Callable[[ValidationError], str]:
    return lambda error: f"{_given(error)} is {text} {_wanted(error)}"


def _length(text: str, unit: str) -> Callable[[ValidationError], str]:
    def sentence(error: ValidationError) -> str:
        given: Any = error.instance
        return f"{_given(error)} has {len(given)} {unit}; {text} {_wanted(error)}"

    return sentence


_SENTENCES: Mapping[str, Callable[[ValidationError], str]] = {
    "additionalProperties": _unknown_sentence,
    "anyOf": _alternatives_sentence,
    "oneOf": _alternatives_sentence,
    "const": lambda e: f"{_given(e)} should be {shorten(_wanted(e))}",
    "enum": lambda e: f"{_given(e)} is not one of {', '.join(map(str, _wanted(e)))}",
    "format": lambda e: f"{_given(e)} is not {stringformats.wanted(_wanted(e))}",
    "maximum": _bound("larger than the most allowed,"),
    "minimum": _bound("smaller than the least allowed,"),
    "maxLength": _length("at most", "characters"),
    "minLength": _length("at least", "characters"),
    "maxItems": _length("at most", "entries"),
    "minItems": _length("at least", "entries"),
    "maxProperties": _length("at most", "fields"),
    "minProperties": _length("at least", "fields"),
    "pattern": lambda e: f"{_given(e)} does not match {_wanted(e)}",
    "required": lambda e: "is missing; it is required",
    "type": _type_sentence,
    "uniqueItems": lambda e: f"{_given(e)} holds an entry twice",
}


def echo(value: Any) -> Any:
    """A value at fault as an error body shows it: itself when it is short, else shortened text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str) and len(value) <= 255:
        return value
    return shorten(value)
