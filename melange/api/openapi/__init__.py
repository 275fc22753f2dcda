"""``GET /v0.1/openapi.json``: the API's description of itself."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable

from melange.api.openapi.document import build
from melange.api.row import Row
from melange.api.versions import VERSION
from netkit.wsgi import environment
from netkit.wsgi.answer import Answer
from netkit.wsgi.environment import Environ, StartResponse

__all__ = ["PATH", "Page", "build"]

PATH = f"/{VERSION}/openapi.json"


class Page:
    """A WSGI application of its own: the document is JSON, whatever Accept says, and its keys would
    be no XML.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = list(rows)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        environment.set_dispatched(environ)
        environment.set_route(environ, PATH)
        return Answer(200, "application/json", self._document).send(environ, start_response)

    @functools.cached_property
    def _document(self) -> bytes:
        # Made when it is first asked for: most processes are never asked.
        return json.dumps(build(self._rows)).encode()
