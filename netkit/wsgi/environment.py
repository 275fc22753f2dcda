"""What the layers of a pipeline hand to each other in the WSGI environment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from netkit.context import RequestContext

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]

_REQUEST_ID = "netkit.request_id"
_CONTEXT = "netkit.context"
_DISPATCHED = "netkit.dispatched"
_ROUTE = "netkit.route"


def request_id(environ: Environ) -> str:
    """The id that the RequestId layer gave; empty without that layer."""
    return str(environ.get(_REQUEST_ID, ""))


def set_request_id(environ: Environ, value: str) -> None:
    environ[_REQUEST_ID] = value


def context(environ: Environ) -> RequestContext:
    """The caller; one without project and roles where no layer authenticated anybody."""
    found = environ.get(_CONTEXT)
    if isinstance(found, RequestContext):
        return found
    return RequestContext(None, None, frozenset(), request_id(environ))


def set_context(environ: Environ, value: RequestContext) -> None:
    environ[_CONTEXT] = value


def dispatched(environ: Environ) -> bool:
    """Whether the answer is a dispatcher's, not that of a layer in front of it."""
    return _DISPATCHED in environ


def set_dispatched(environ: Environ) -> None:
    environ[_DISPATCHED] = True


def route(environ: Environ) -> str | None:
    """The path of the route that a request has, with the names of its variables; None: it has
    none.
    """
    found = environ.get(_ROUTE)
    return found if isinstance(found, str) else None


def set_route(environ: Environ, path: str) -> None:
    environ[_ROUTE] = path
