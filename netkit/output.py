"""What a command prints: a table for people, or JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prettytable import PrettyTable

FORMATS = ("table", "json")


@dataclass(frozen=True)
class Listing:
    """What a management command prints: rows under columns. Values are JSON values."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Outcome:
    """What a command prints, unless it is empty, and its exit code."""

    result: Listing | str
    code: int = 0


def render(result: Listing | str, format: str) -> str:
    """``json``: a list with an object for each row, or one object with the ``message``."""
    if format == "json":
        return json.dumps(_plain(result), indent=2, default=str)
    if isinstance(result, str):
        return result
    table = PrettyTable(list(result.columns), align="l")
    table.add_rows([[_cell(value) for value in row] for row in result.rows])
    return table.get_string()


def _plain(result: Listing | str) -> Any:
    if isinstance(result, str):
        return {"message": result}
    return [dict(zip(result.columns, row, strict=True)) for row in result.rows]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(_cell(item) for item in value) or "-"
    return str(value)
