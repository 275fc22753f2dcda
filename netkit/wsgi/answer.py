"""What goes back to the WSGI server."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import webob

from netkit.wsgi.environment import StartResponse


@dataclass(frozen=True)
class Answer:
    """A whole answer. ``content_type`` is not told where there is no content: 204 and 304."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def send(self, environ: Mapping[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        headers = list(self.headers.items())
        if self.status not in (204, 304):  # RFC 9110, 8.6 and 15.4.5
            headers.append(("Content-Length", str(len(self.body))))
            headers.append(("Content-Type", self.content_type))
        start_response(status_line(self.status), headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [self.body]


@functools.lru_cache
def status_line(status: int) -> str:
    """``404 Not Found``; a status that HTTP has no words for gets those of its hundred."""
    return str(webob.Response(status=status).status)
