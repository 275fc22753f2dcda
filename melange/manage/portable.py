"""Blocks, interfaces and addresses in files: CSV with a line of names, or a JSON array of objects.

Both are read as they come, so that a file may be larger than memory.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import ijson  # type: ignore[import-untyped]

from netkit.errors import ServiceError

FORMATS = ("csv", "json")

FIELDS: Mapping[str, tuple[str, ...]] = {
    "blocks": (
        "id",
        "tenant_id",
        "network_id",
        "type",
        "cidr",
        "gateway",
        "dns1",
        "dns2",
        "policy_id",
        "parent_id",
        "priority",
        "shared",
    ),
    # interface_id: the name its maker gave it; none: the tenant's nameless one.
    "interfaces": ("interface_id", "tenant_id", "device_id", "mac_address"),
    # The block is that of block_id or, without, that of tenant, CIDR and network.
    "addresses": (
        "block_id",
        "block_tenant_id",
        "block_cidr",
        "block_network_id",
        "address",
        "interface_id",
        "tenant_id",
        "device_id",
        "floating",
        "deallocated_at",
        "quarantined_until",
    ),
}

Line = dict[str, Any]


class Unreadable(ServiceError):
    """The file as a whole cannot be read."""

    code = "unreadable_file"


def format_of(path: str, given: str | None) -> str:
    """The format that is given or that the path's suffix names. Raises Unreadable."""
    found = given or Path(path).suffix.lower().removeprefix(".")
    if found not in FORMATS:
        raise Unreadable(f"{path} is neither .csv nor .json: say which by --as")
    return found


def read(path: str, format: str, names: Sequence[str]) -> Iterator[tuple[int, Line]]:
    """Each object, with its line (CSV) or its place (JSON, from 1). What is missing or empty is
    None. Raises Unreadable, OSError.
    """
    reader = _read_csv if format == "csv" else _read_json
    for number, line in reader(path):
        given = set(line) if isinstance(line, dict) else {repr(line)}
        if given - set(names):
            unknown, known = ", ".join(sorted(given - set(names))), ", ".join(names)
            raise Unreadable(f"{path}, {number}: {unknown} is unknown; there may be {known}")
        yield number, {name: _value(line.get(name)) for name in names}


def write(
    stream: IO[str], format: str, names: Sequence[str], lines: Iterable[Mapping[str, Any]]
) -> None:
    if format == "csv":
        table = csv.DictWriter(stream, names, lineterminator="\n")
        table.writeheader()
        table.writerows({k: _cell(v) for k, v in line.items()} for line in lines)
        return
    separator = "["
    for line in lines:
        stream.write(f"{separator}\n{json.dumps(line, ensure_ascii=False, default=_cell)}")
        separator = ","
    stream.write("\n]\n" if separator == "," else "[]\n")


def truth(value: Any) -> bool:
    """A field that is true or false. Raises ValueError."""
    if isinstance(value, bool) or value is None:
        return bool(value)
    texts = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    try:
        return texts[str(value).lower()]
    except KeyError:
        raise ValueError(f"{value!r} is neither true nor false") from None


def _read_csv(path: str) -> Iterator[tuple[int, Any]]:
    with open(path, newline="", encoding="utf-8-sig") as stream:
        table = csv.DictReader(stream, restkey="further values", strict=True)
        try:
            for line in table:
                yield table.line_num, line
        except (csv.Error, UnicodeDecodeError) as error:
            raise Unreadable(f"{path}, line {table.line_num}: {error}") from error


def _read_json(path: str) -> Iterator[tuple[int, Any]]:
    with open(path, "rb") as stream:
        begin = stream.peek().lstrip()[:1]
        # ijson would find no items in anything else, and say nothing.
        if begin not in (b"[", b""):
            raise Unreadable(
                f"{path} is not a JSON array: it begins with {ascii(begin)[1:]} instead of '['"
            )
        try:
            yield from enumerate(ijson.items(stream, "item"), start=1)
        except ijson.JSONError as error:
            raise Unreadable(f"{path} is not a JSON array: {error}") from error


def _value(value: Any) -> Any:
    if isinstance(value, str):
        value = value.strip()
    return None if value == "" else value


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if hasattr(value, "isoformat") else value
