"""What the handlers of all nouns share: schema fragments, pages of rows, and whose objects a caller
may name."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from netkit import errors
from netkit.wsgi.request import Request
from nova_netplugins.ethernet.rows import Columns, Row

Schema = dict[str, Any]
Body = dict[str, Any]

_TEXT: Schema = {"type": "string", "format": "printable", "minLength": 1}
ID: Schema = {**_TEXT, "maxLength": 36}
UUID: Schema = {"type": "string", "format": "uuid"}
PROJECT: Schema = {**_TEXT, "maxLength": 255}
NAME: Schema = {**_TEXT, "maxLength": 255}
HOST: Schema = {**_TEXT, "maxLength": 255}
DEVICE: Schema = {"type": "string", "format": "interface-name"}
ADDRESS: Schema = {"type": "string", "format": "ip-address"}
ADDRESSES: Schema = {"type": "array", "items": ADDRESS, "maxItems": 16, "uniqueItems": True}
MAC: Schema = {"type": "string", "format": "mac-address"}
HOSTNAME: Schema = {"type": "string", "format": "hostname", "maxLength": 253}
BOOLEAN: Schema = {"type": "boolean"}


def nullable(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


def body_of(noun: str, properties: Schema, required: tuple[str, ...] = ()) -> Schema:
    """The schema of a body ``{noun: {...}}`` that has these members and no others."""
    inner = {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {noun: inner},
        "required": [noun],
        "additionalProperties": False,
    }


def page_of_rows(
    request: Request, query: sa.Select[Any], id_column: sa.ColumnElement[str]
) -> sa.Select[Any]:
    """The rows of the page that the request asks for, and one more."""
    if request.page.marker is not None:
        query = query.where(id_column > request.page.marker)
    return query.order_by(id_column).limit(request.page.limit + 1)


def matching(
    request: Request, columns: Columns | Mapping[str, sa.ColumnElement[Any]], *names: str
) -> list[sa.ColumnElement[bool]]:
    """Equality with each of these query parameters that was given, however it is spelled."""
    given = request.params
    same = {name: _CANONICAL.get(name, _as_it_is)(given[name]) for name in names if name in given}
    return [columns[name] == value for name, value in same.items()]


def _as_it_is(value: Any) -> Any:
    return value


_CANONICAL: Mapping[str, Callable[[Any], Any]] = {
    "address": lambda text: str(ipaddress.ip_address(text)),
    "fixed_address": lambda text: str(ipaddress.ip_address(text)),
    "cidr": lambda text: str(ipaddress.ip_network(text, strict=False)),
    "mac_address": str.lower,
}


def path_text(name: str, value: str, limit: int) -> str:
    """What a path names and a row will hold. Raises ValidationError when the row cannot."""
    if len(value) > limit:
        raise errors.ValidationError(
            f"{name}: {errors.shorten(value)} has {len(value)} characters; at most {limit}",
            field=name,
            value=value,
        )
    return value


def own(request: Request, column: sa.ColumnElement[Any]) -> list[sa.ColumnElement[bool]]:
    """Narrows a list to the caller's project, unless it sees all."""
    project = request.context.project_filter
    return [] if project is None else [column == project]


def acting_project(request: Request, wanted: str | None) -> str:
    """The project to act for: the one named, if the caller may; else the caller's own."""
    project = wanted or request.context.project_id
    if project is None:
        raise errors.BadRequest(
            "project_id is needed: your credentials are of no project", field="project_id"
        )
    if not request.context.sees(project):
        raise errors.Forbidden(
            f"you cannot act for project {project!r}; yours is {request.context.project_id!r}",
            field="project_id",
            value=project,
        )
    return path_text("project_id", project, 255)


def refuse_binding(request: Request, host: str | None) -> None:
    """Raises Forbidden for a caller of one project that names a host: where instances are is the
    affair of Nova, as in ``virtual_nics:bind``."""
    if host is not None and not request.context.all_projects:
        raise errors.Forbidden(
            f"host: {errors.shorten(host)} cannot be chosen by a project; Nova says where NICs are",
            field="host",
            value=host,
        )


def timestamps(row: Row) -> Body:
    """ISO 8601 in UTC, to the second."""

    return {name: _text(row[name]) for name in ("created_at", "updated_at")}


def _text(time: datetime.datetime | None) -> str | None:
    return None if time is None else time.isoformat(timespec="seconds") + "Z"
