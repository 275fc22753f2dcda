"""ETag, If-Match and If-None-Match (RFC 9110, 8.8.3 and 13.1): of single objects, and of the lists
that can be changed as lists.

An ETag is made of the object and not of the octets sent, so that it is the same for JSON and XML.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from webob.etag import ETagMatcher

from melange.errors import Stale
from netkit.wsgi.request import Reply, Request

View = Mapping[str, Any] | Sequence[Any]
"""An object or a list as a GET shows it, without the root key."""


def etag(view: View) -> str:
    """In quotes, as the header has it."""
    text = json.dumps(view, default=str, sort_keys=True)
    return f'"{hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]}"'


def has_condition(request: Request) -> bool:
    """Whether ``require_match`` is going to look at the state of the object."""
    return str(request.http.environ.get("HTTP_IF_MATCH", "*")).strip() != "*"


def require_match(request: Request, view: View) -> None:
    """Raises Stale when If-Match names other states of the object than ``view``, the one it is in.

    For handlers of PUT and DELETE, after they have locked the object.
    """
    if not has_condition(request):
        return
    header = request.http.environ["HTTP_IF_MATCH"]
    current = etag(view)
    if current.strip('"') not in ETagMatcher.parse(header):
        raise Stale(field="If-Match", value=header, current=current)


def with_state(body: Mapping[str, Any], state: View) -> Reply:
    """An answer with the ETag of a list's whole ``state``, however much of it the body shows."""
    return Reply(200, body, {"ETag": etag(state)})


def conditional(request: Request, reply: Reply) -> Reply:
    """The answer to a GET: of a single object, ETag and all; 304 without body if the client has it
    already.
    """
    tag = reply.headers.get("ETag")
    if tag is None:
        view = _single(reply)
        if view is None:
            return reply
        tag = etag(view)
    headers = {**reply.headers, "ETag": tag}
    known = request.http.environ.get("HTTP_IF_NONE_MATCH")
    if known is not None and _is_known(tag, known):
        return Reply(304, None, headers)
    return Reply(reply.status, reply.body, headers)


def _single(reply: Reply) -> Mapping[str, Any] | None:
    """The object below the only key of the body, if that is one."""
    if reply.status != 200 or reply.body is None or len(reply.body) != 1:
        return None
    (view,) = reply.body.values()
    return view if isinstance(view, Mapping) else None


def _is_known(tag: str, header: str) -> bool:
    return header.strip() == "*" or tag.strip('"') in ETagMatcher.parse(header, strong=False)
