"""Error answers as Melange v0.1 gives them: faults, and what is told as plain text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import webob
import webob.exc

from netkit.errors import NoRoute, NotFound, ServiceError
from netkit.wsgi import environment
from netkit.wsgi.faults import ErrorTable, Fault

NO_ROUTE = "no_route"
NOT_IMPLEMENTED = "action_not_implemented"
_TEXT = "text/plain; charset=UTF-8"


class ActionNotImplemented(NotFound):
    """A REST resource lacks this one of the usual actions; the fault has no detail."""

    code = NOT_IMPLEMENTED
    template = "this resource has no such action"


class VersionNotSupported(ServiceError):
    status = 406
    code = "version_not_supported"
    template = "version not supported"


class ExtensionNotFound(NotFound):
    code = "extension_not_found"
    template = "Extension with alias {alias} does not exist"


@dataclass(frozen=True)
class Plain:
    """An error told outside of faults: content type and body."""

    content_type: str
    body: bytes


def error_table() -> ErrorTable:
    """What is answered otherwise than its exception says; an application adds its libraries'."""
    table = ErrorTable()
    table.register(NoRoute, 404, NO_ROUTE)
    return table


def body(fault: Fault, request_id: str = "") -> Mapping[str, Any]:
    """``{"NotFound": {"code": 404, "message": ..., "detail": ..., "error_code": ...}}``.

    ``code`` is the HTTP status and ``message`` HTTP's general text, as always; ``error_code`` is
    the stable code that programs may test.
    """
    return {
        name(fault.status): {
            "code": fault.status,
            "message": _general_text(fault.status),
            "detail": _detail(fault),
            "error_code": fault.code,
        }
    }


def plain(fault: Fault, environ: Mapping[str, Any]) -> Plain | None:
    """The answer to an error that v0.1 does not tell by a fault; None: it does."""
    if fault.code == NO_ROUTE:
        return _no_route(environ)
    if fault.status == 415:
        return _text("Unsupported Content-Type", fault.message)
    if fault.code == "malformed_body":
        return _text("Malformed request body", fault.message)
    if fault.code == ExtensionNotFound.code:
        return _text(fault.message)
    if fault.code == "policy_denied":
        tenant = environment.context(dict(environ)).project_id
        return _text(f"User with tenant id {tenant} cannot access this resource")
    return _text(fault.message) if fault.status == 403 else None


def name(status: int) -> str:
    """``NotFound`` for 404: the name of webob's exception without ``HTTP``."""
    return _kind(status).__name__.removeprefix("HTTP")


def names() -> list[str]:
    """Of every status that is an error."""
    return [name(status) for status in webob.exc.status_map if status >= 400]


def _kind(status: int) -> type[webob.exc.WSGIHTTPException]:
    nearest = 500 if status >= 500 else 400
    kinds: Mapping[int, type[webob.exc.WSGIHTTPException]] = webob.exc.status_map
    return kinds.get(status, kinds[nearest])


def _general_text(status: int) -> str:
    return " ".join(_kind(status).explanation.split())


def _detail(fault: Fault) -> str | None:
    if fault.code == NOT_IMPLEMENTED:
        return None
    if fault.code == "invalid_request":
        return f"The following values are invalid: {fault.message}"
    return fault.message


def _text(*lines: str) -> Plain:
    return Plain(_TEXT, "\n".join(lines).encode("utf-8", "replace"))


def _no_route(environ: Mapping[str, Any]) -> Plain:
    """webob's own answer: text, or HTML for who prefers that."""
    http = webob.Request(dict(environ))
    not_found = webob.exc.HTTPNotFound()
    wants = http.accept.acceptable_offers(["text/plain", "text/html"]) if http.accept else []
    if wants and wants[0][0] == "text/html":
        page: str = not_found.html_body(http.environ)
        return Plain("text/html; charset=UTF-8", page.encode())
    return _text(not_found.plain_body(http.environ))
