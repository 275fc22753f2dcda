"""The OpenAPI 3.1 document of the API, made of the route table and of the schemas that validate."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from melange.api import policies
from melange.api.faults import name as fault_name
from melange.api.openapi import answers
from melange.api.openapi.shapes import SHAPES, ref
from melange.api.row import Row
from melange.api.versions import VERSION

Document = dict[str, Any]

JSON, XML, PLAIN = "application/json", "application/xml", "text/plain"

_ABOUT = """\
The IPAM service. Beside JSON it speaks XML: the root key is the root element, its members are
elements below it, and null is the text None. `.json` or `.xml` at the end of most paths, or else
the Accept header, choose the format. Unknown fields and query parameters are ignored. Errors are
faults: the name of the error, and below it what is to say of it; a few are plain text.
"""

_COMMON = (400, 401, 503)
_OF_METHOD: Mapping[str, tuple[int, ...]] = {
    "GET": (),
    "POST": (409, 413, 415, 422),
    "PUT": (409, 412, 413, 415, 422),
    "DELETE": (409, 412, 422),
}
_WHEN = {
    304: "The client has the object in this state already (If-None-Match)",
    400: "Values that cannot be, or a body that cannot be read",
    401: "Nobody knows who calls",
    403: "The caller may not do this",
    404: "There is no such object, or not for this tenant",
    409: "Taken, over quota, or not possible as things are",
    412: "The object has changed since the ETag in If-Match",
    413: "The body is too large",
    415: "The body is neither JSON nor XML",
    422: "Understood, but not to be done: no address is left, a policy forbids it, ...",
    503: "The database does not answer; try again later",
}
_TOLD_PLAINLY = frozenset({400, 403, 404, 415})
_WHOLE_SEGMENT = {"type": "string", "minLength": 1, "pattern": "^[^/]+$"}
_VARIABLE = re.compile(r"\{(\w+)\}")


def build(rows: Iterable[Row]) -> Document:
    """Raises KeyError for a row whose answer ``answers`` does not know."""
    rows = list(rows)
    told = {rule.name: rule.description for rule in policies.rules_of(rows)}
    names = _operation_names(rows)
    paths: dict[str, dict[str, Any]] = {}
    for row, name in zip(rows, names, strict=True):
        operation = _operation(row, name, told.get(row.rule or "", ""))
        paths.setdefault(row.path, {})[row.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Melange", "version": VERSION.removeprefix("v"), "description": _ABOUT},
        "servers": [{"url": f"/{VERSION}"}],
        "security": [{}, {"token": []}, {"basic": []}],
        "paths": paths,
        "components": {
            "schemas": SHAPES,
            "responses": {fault_name(status): _fault(status) for status in sorted(_WHEN)[1:]},
            "parameters": _HEADERS,
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"},
                "basic": {"type": "http", "scheme": "basic"},
            },
        },
    }


def _operation_names(rows: Iterable[Row]) -> list[str]:
    """Rules, in the form of a programming language's names; with a number where one is the rule of
    several rows.
    """
    found: list[str] = []
    for row in rows:
        wanted = (row.rule or row.path.strip("/")).translate(str.maketrans(":/", "__", "{}"))
        count = sum(1 for name in found if re.fullmatch(rf"{wanted}(_\d+)?", name))
        found.append(f"{wanted}_{count + 1}" if count else wanted)
    return found


def _operation(row: Row, name: str, summary: str) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": name,
        "tags": [(row.rule or name).partition(":")[0].partition("_{")[0]],
        "parameters": list(_parameters(row)),
        "responses": _responses(row),
    }
    if summary:
        operation["summary"] = summary
    if row.body is not None:
        operation["requestBody"] = _request_body(row.body)
    return operation


def _parameters(row: Row) -> Iterator[dict[str, Any]]:
    for name in _VARIABLE.findall(row.path):
        yield {"name": name, "in": "path", "required": True, "schema": _WHOLE_SEGMENT}
    query = row.query or {}
    required = query.get("required", ())
    for name, schema in query.get("properties", {}).items():
        yield {"name": name, "in": "query", "required": name in required, "schema": schema}
    if row.method == "POST":
        yield {"$ref": "#/components/parameters/Idempotency-Key"}
    if row.method in ("PUT", "DELETE"):
        yield {"$ref": "#/components/parameters/If-Match"}
    if row.method == "GET" and answers.of_row(row).etag:
        yield {"$ref": "#/components/parameters/If-None-Match"}


_HEADERS = {
    name: {
        "name": name,
        "in": "header",
        "required": False,
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        "description": text,
    }
    for name, text in (
        (
            "Idempotency-Key",
            "A POST that is repeated with its key gets the answer that the first one got.",
        ),
        ("If-Match", "ETag of the state that the object, or the list that it is in, has to have."),
        ("If-None-Match", "ETag of the state that the client has."),
    )
}


def _request_body(schema: Mapping[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {JSON: {"schema": schema}}
    root, inner = next(iter(schema["properties"].items()))
    if inner.get("type") == "object":
        content[XML] = {"schema": {**inner, "xml": {"name": root}}}
    return {"required": False, "content": content}


def _responses(row: Row) -> dict[str, Any]:
    answer = answers.of_row(row)
    responses: dict[str, Any] = {str(answer.status): _success(row, answer)}
    if row.method == "GET" and answer.etag:
        responses["304"] = {"description": _WHEN[304]}
    refusals = [*_COMMON, *_OF_METHOD[row.method]]
    if row.rule is not None:
        refusals.append(403)
    if "{" in row.path:
        refusals.append(404)
    for status in sorted(refusals):
        responses[str(status)] = {"$ref": f"#/components/responses/{fault_name(status)}"}
    return responses


def _success(row: Row, answer: answers.Answer) -> dict[str, Any]:
    found: dict[str, Any] = {"description": "Done"}
    if answer.body is not None:
        found["content"] = {JSON: {"schema": answer.body}, XML: {}}
    if answer.etag:
        found["headers"] = {"ETag": {"schema": {"type": "string"}}}
    return found


def _fault(status: int) -> dict[str, Any]:
    name = fault_name(status)
    content: dict[str, Any] = {
        JSON: {
            "schema": {"type": "object", "properties": {name: ref("Error")}, "required": [name]}
        },
        XML: {},
    }
    if status in _TOLD_PLAINLY:
        content[PLAIN] = {"schema": {"type": "string"}}
    return {"description": _WHEN[status], "content": content}
