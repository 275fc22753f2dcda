"""The contract's dataclasses as JSON values: how daemons, net-api and the lab pass them on.

Every field is a member of its own name; sequences are lists. A reader ignores members it does not
know, so that a newer net-api can talk to an older daemon, and takes a field's default where a
member is missing.
"""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Hashable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def to_dict(value: Any) -> dict[str, Any]:
    """A dataclass instance of the contract as a dict of JSON values."""
    return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}


def from_dict(cls: type[T], data: Any) -> T:
    """The ``cls`` that ``data`` describes. Raises ``ValueError``: what is missing or wrong."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{cls.__name__} must be an object, not {data!r}")
    values: dict[str, Any] = {}
    for name, kind, required in _fields(typing.cast("Hashable", cls)):
        if name in data:
            values[name] = _read(kind, data[name], f"{cls.__name__}.{name}")
        elif required:
            raise ValueError(f"{cls.__name__} needs {name!r}; it has {sorted(data)}")
    return cls(**values)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return to_dict(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


@functools.cache
def _fields(cls: Any) -> tuple[tuple[str, Any, bool], ...]:
    """Name, type and whether it must be there, of each field; cached, for resolving is slow."""
    kinds = typing.get_type_hints(cls)
    return tuple(
        (
            f.name,
            kinds[f.name],
            f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING,
        )
        for f in dataclasses.fields(cls)
    )


def _read(kind: Any, value: Any, where: str) -> Any:
    arguments = typing.get_args(kind)
    if type(None) in arguments:
        return None if value is None else _read(arguments[0], value, where)
    if dataclasses.is_dataclass(kind):
        return from_dict(typing.cast("type[Any]", kind), value)
    origin = typing.get_origin(kind) or kind
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ValueError(f"{where} must be a list, not {value!r}")
        return tuple(_read(arguments[0], item, where) for item in value)
    if not isinstance(value, origin) or (origin is int and isinstance(value, bool)):
        raise ValueError(f"{where} must be of type {origin.__name__}, not {value!r}")
    return dict(value) if origin is Mapping or isinstance(value, Mapping) else value
