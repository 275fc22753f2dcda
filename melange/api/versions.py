"""Which versions of the API there are, and the version that a media type asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable

from melange.api.dialect import DIALECT, VENDOR
from melange.api.faults import VersionNotSupported, error_table
from netkit.wsgi import Request, Result, Route, environment
from netkit.wsgi.answer import Answer
from netkit.wsgi.environment import Environ, StartResponse, WsgiApp
from netkit.wsgi.pathtree import without_format

VERSION = "v0.1"
SUPPORTED = {"0.1": f"/{VERSION}"}
"""Version in a media type -> the path of its application."""

_VERSIONED = re.compile(r"/v[0-9]")
_ASKED = re.compile(
    re.escape(VENDOR) + r"(?:\+(?:xml|json))?\s*(?:;\s*version\s*=\s*([0-9]+(?:\.[0-9]+)*)\s*)?"
    r"(?=[;,]|$)"
)


def index(request: Request) -> Result:
    """``GET /``: the versions, with the URL of each."""
    href = f"{request.application_url}/{VERSION}"
    links = [{"rel": "self", "href": href}]
    return 200, {"versions": [{"name": VERSION, "status": "CURRENT", "links": links}]}


ROUTES = [Route("GET", "/", index, policy=None, query_schema={"type": "object"})]


class VersionByMediaType:
    """Leads a path without version to the version that the Accept header names
    (``application/vnd.openstack.melange+json;version=0.1``). The path's own version counts more.
    """

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if not _VERSIONED.match(path):
            version = asked_version(environ.get("HTTP_ACCEPT", ""))
            if version is not None and version not in SUPPORTED:
                return _refusal(environ).send(environ, start_response)
            if version is not None:
                environ["PATH_INFO"] = SUPPORTED[version] + path
        return self._app(environ, start_response)


def asked_version(accept: str) -> str | None:
    """The version of the first media type of ours; None: it has none, or there is no such type."""
    for media_range in accept.split(","):
        if media_range.strip().startswith(VENDOR):
            found = _ASKED.match(media_range.strip())
            return found[1] if found else None
    return None


def _refusal(environ: Environ) -> Answer:
    fault = error_table().fault(VersionNotSupported())
    _, suffix = without_format(environ["PATH_INFO"])
    chosen = DIALECT.choose(suffix, environ.get("HTTP_ACCEPT", ""))
    request_id = environment.request_id(environ)
    return Answer(fault.status, *DIALECT.write_error(fault, environ, request_id, chosen))
