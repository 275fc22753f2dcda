"""One row of the API's route table, and the routes that rows become.

Bodies of v0.1 are forgiving: there may be none, the root key may be missing, and fields that nobody
knows are ignored. ``body`` and ``list_query`` make schemas of that sort.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from melange.api.faults import ActionNotImplemented
from netkit.wsgi import Reply, Request, Result, Route
from netkit.wsgi.pathtree import Suffix

Schema = Mapping[str, Any]
Handler = Callable[..., Result]
Kind = Literal["R", "C", "A"]

_SUFFIXES = {"R": Suffix.ANY, "C": Suffix.FORMAT, "A": Suffix.NONE}
_COLLECTION = ("GET", "POST")
_MEMBER = ("GET", "PUT", "DELETE")

ANY_BODY: Schema = {"type": "object"}
ANY_QUERY: Schema = {"type": "object"}


@dataclass(frozen=True)
class Row:
    """``Row("GET", "/ipam/tenants/{tenant_id}/ip_blocks", index, "ip_blocks:list")``.

    ``path`` is below ``/v0.1``. ``rule``: the policy rule asked first; None: anybody may.
    ``body`` and ``query``: JSON schemas; without ``body`` any object is accepted and left alone,
    without ``query`` all parameters are ignored. ``kind`` is the sort of route of Melange v0.1:
    ``R``, a REST resource, drops any suffix, and those of its usual actions that it lacks are a
    fault; ``C`` takes ``.json`` and ``.xml``; ``A`` takes none. ``express``: a shorter way of doing
    the same, which may return None for what it leaves to the handler (api/transactions.py).
    """

    method: str
    path: str
    handler: Handler
    rule: str | None
    body: Schema | None = None
    query: Schema | None = None
    kind: Kind = "R"
    express: Callable[..., Reply | None] | None = None


def body(root: str, properties: Mapping[str, Schema], **keywords: Any) -> dict[str, Any]:
    """The schema of ``{root: {...}}`` in which everything may be missing. ``keywords``: further
    ones of the inner object.
    """
    inner = {"type": "object", "properties": dict(properties), **keywords}
    return {"type": "object", "properties": {root: inner}}


def list_query(**filters: Schema) -> dict[str, Any]:
    """The query schema of a list in pages; parameters other than these filters are ignored."""
    paging = {
        "limit": {"type": "integer", "minimum": 1},
        "marker": {"type": "string", "maxLength": 255},
    }
    return {"type": "object", "properties": {**filters, **paging}}


def query(**filters: Schema) -> dict[str, Any]:
    """The query schema of a list without pages."""
    return {"type": "object", "properties": filters}


def fields(request: Request, root: str) -> dict[str, Any]:
    """The fields below the body's root key; {} when it has none."""
    found: dict[str, Any] = request.body.get(root) or {}
    return found


def routes(rows: Iterable[Row], wrap: Callable[[Row], Handler]) -> list[Route]:
    """The routes of a whole table. ``wrap`` makes the handler that a route calls of a row's."""
    rows = list(rows)
    taken = {(row.method, _shape(row.path)) for row in rows}
    found = [_route(row, wrap(row)) for row in rows]
    for method, path in _usual_actions(rows):
        if (method, _shape(path)) not in taken:
            taken.add((method, _shape(path)))
            found.append(_route(Row(method, path, _not_implemented, None), _not_implemented))
    return found


def _route(row: Row, handler: Handler) -> Route:
    return Route(
        row.method,
        row.path,
        handler,
        row.rule,
        request_schema=ANY_BODY if row.body is None else row.body,
        query_schema=ANY_QUERY if row.query is None else row.query,
        suffix=_SUFFIXES[row.kind],
        body_required=False,
    )


def _usual_actions(rows: Iterable[Row]) -> Iterator[tuple[str, str]]:
    """Methods and paths that each REST resource has by convention, implemented or not."""
    for row in rows:
        if row.kind != "R":
            continue
        collection, _, last = row.path.rpartition("/")
        member = row.path
        if not last.startswith("{"):
            collection, member = row.path, f"{row.path}/{{member}}"
        elif not collection:
            continue
        yield from ((method, collection) for method in _COLLECTION)
        yield from ((method, member) for method in _MEMBER)
        yield "GET", f"{collection}/new"
        yield "GET", f"{member}/edit"


def _shape(path: str) -> str:
    """The path without the names of its variables."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def _not_implemented(request: Request, **variables: str) -> Result:
    raise ActionNotImplemented
