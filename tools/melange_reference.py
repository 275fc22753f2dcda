"""The tables of docs/ that tell of Melange: the routes of its API, what it has beyond v0.1, and its
options.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from oslo_config import cfg

from melange.api import policies
from melange.api.extensions import EXTENSIONS
from melange.api.routes import ROWS
from melange.api.row import Row
from melange.conf import list_opts

HEADS = ("request", "does", "for", "takes")

_WHO = {
    policies.ADMIN: "administrator",
    policies.MEMBER: "member",
    policies.READER: "reader",
}


def routes() -> dict[str, list[tuple[str, ...]]]:
    """Rows by the module in ``melange/api`` that has them."""
    rules = {rule.name: rule for rule in policies.rules_of(ROWS)}
    found: dict[str, list[tuple[str, ...]]] = {}
    for row in ROWS:
        rule = rules.get(row.rule or "")
        does = f"{rule.description} {_says(row)}" if rule else _says(row)
        who = _WHO[rule.check_str] if rule else "anybody"
        noun = _section(row)
        told = (f"`{row.method} {row.path}`", does.strip(), who, "; ".join(_takes(row)))
        found.setdefault(noun, []).append(told)
    return found


def extensions() -> Iterator[tuple[str, ...]]:
    for extension in EXTENSIONS:
        yield f"`{extension.alias}`", extension.name, extension.description


def options() -> Mapping[str, list[cfg.Opt]]:
    """By group; oslo.db's own are described elsewhere."""
    return {group or "DEFAULT": opts for group, opts in _groups() if group != "database"}


def _groups() -> Iterator[tuple[str | None, list[cfg.Opt]]]:
    found: dict[str | None, list[cfg.Opt]] = {}
    for group, opts in list_opts():
        found.setdefault(group, []).extend(opts)
    yield from found.items()


def _section(row: Row) -> str:
    """What several modules have the handlers of is named as their rules are."""
    members = getattr(row.handler, "__self__", None)
    return members.many if members else row.handler.__module__.rpartition(".")[2]


def _says(row: Row) -> str:
    """The handler's own docstring."""
    return " ".join((row.handler.__doc__ or "").replace("``", "`").split())


def _takes(row: Row) -> Iterator[str]:
    for root, schema in (row.body or {}).get("properties", {}).items():
        if "items" in schema:
            yield f"`{root}`: a list of {_names(schema['items'])}"
        else:
            yield f"`{root}`: {_names(schema)}"
    if row.query is not None and row.query.get("properties"):
        yield f"?{_names(row.query)}"


def _names(schema: Mapping[str, Any]) -> str:
    properties: Iterable[str] = schema.get("properties", {})
    return ", ".join(properties)
