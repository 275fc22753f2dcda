"""What a handler takes and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import webob

from netkit.context import RequestContext
from netkit.wsgi.paging import Page


@dataclass(frozen=True)
class Request:
    """One call, read and validated.

    ``body`` is what the route's ``request_schema`` accepted ({} for a route without one);
    ``params`` are the query parameters, converted to the types of its ``query_schema``.
    """

    context: RequestContext
    body: dict[str, Any]
    params: dict[str, Any]
    page: Page
    http: webob.Request

    @property
    def application_url(self) -> str:
        """The URL of the server's root, as the client reached it, without a final slash."""
        return str(self.http.application_url).rstrip("/")


@dataclass(frozen=True)
class Reply:
    """An answer with headers of its own; ``(status, body)`` is enough without."""

    status: int
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Result = Reply | tuple[int, Mapping[str, Any] | None]
