"""The WSGI application around a route table: everything of a call that is not the handler's."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import webob
from webob.request import DisconnectionError

from netkit.context import RequestContext
from netkit.errors import BadRequest, BodyTooLarge, MalformedBody, MethodNotAllowed
from netkit.wsgi import environment, text
from netkit.wsgi.answer import Answer
from netkit.wsgi.dialect import Dialect, Format
from netkit.wsgi.environment import Environ, StartResponse
from netkit.wsgi.faults import ErrorTable
from netkit.wsgi.paging import Limits
from netkit.wsgi.pathtree import Suffix, without_format
from netkit.wsgi.request import Reply, Request
from netkit.wsgi.routing import Mapper, Match, Route
from netkit.wsgi.validation import Validators

LOG = logging.getLogger(__name__)

Authorize = Callable[[RequestContext, str, Mapping[str, Any]], None]
"""``authorize(context, rule, target)`` raises ``Forbidden``; target: ``project_id`` of the caller
and path variables.
"""


class Dispatcher:
    """Finds the route, asks policy, reads and validates, calls the handler, writes the answer.

    ``max_body``: bytes of the largest request body read. ``max_limit``: rows of the largest page;
    ``default_limit``: of a page without ``limit`` (None: as many); ``shorten_pages``: give the
    largest page to who asks for a larger one, who is refused otherwise. The table must be complete.
    Raises jsonschema.SchemaError when a route's schema is wrong.
    """

    def __init__(
        self,
        mapper: Mapper,
        authorize: Authorize,
        *,
        errors: ErrorTable | None = None,
        dialect: Dialect | None = None,
        max_body: int = 1024 * 1024,
        max_limit: int = 1000,
        default_limit: int | None = None,
        shorten_pages: bool = False,
    ) -> None:
        self._mapper = mapper
        self._authorize = authorize
        self._errors = errors or ErrorTable()
        self._dialect = dialect or Dialect()
        self._max_body = max_body
        default = max_limit if default_limit is None else default_limit
        self._limits = Limits(default, max_limit, shorten_pages)
        self._validators = Validators()
        for route in mapper.rows().values():
            for schema in (route.request_schema, route.query_schema):
                if schema is not None:
                    self._validators.prepare(schema)
        mapper.prepare()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        environment.set_dispatched(environ)
        chosen = Format.JSON
        try:
            path, suffix = self._read_path(environ)
            accept = environ.get("HTTP_ACCEPT", "")
            chosen = self._dialect.choose(suffix, accept)
            match = self._mapper.match(environ["REQUEST_METHOD"], path)
            environment.set_route(environ, match.path)
            if suffix and match.route.suffix is Suffix.NONE:
                chosen = self._dialect.choose("", accept)
            answer = self._answer(self._call(environ, match), chosen)
        except Exception as error:
            answer = self._error_answer(environ, error, chosen)
        return answer.send(environ, start_response)

    def _read_path(self, environ: Environ) -> tuple[str, str]:
        """The path, and its format suffix."""
        path: str = environ["PATH_INFO"]
        if not path.isascii():
            try:
                path = path.encode("latin-1").decode()
            except UnicodeDecodeError as error:
                raise BadRequest("the path is not UTF-8", field="path") from error
        if not path.isprintable():
            raise BadRequest(
                "the path holds a character that does not print", field="path", value=path
            )
        return path, without_format(path)[1]

    def _call(self, environ: Environ, match: Match) -> Reply:
        context = environment.context(environ)
        route = match.route
        if route.policy is not None:
            target = {"project_id": context.project_id, **match.variables}
            self._authorize(context, route.policy, target)
        http = webob.Request(environ)
        params = self._read_params(http, route)
        request = Request(
            context=context,
            body=self._read_body(http, route),
            params=params,
            page=self._limits.page(params, http),
            http=http,
        )
        result = route.handler(request, **match.variables)
        return result if isinstance(result, Reply) else Reply(*result)

    def _read_params(self, http: webob.Request, route: Route) -> dict[str, Any]:
        try:
            pairs = list(http.GET.items()) if http.environ.get("QUERY_STRING") else []
        except UnicodeDecodeError as error:
            raise BadRequest("the query is not UTF-8", field="query") from error
        params = self._validators.read_query(pairs, route.query_schema)
        try:
            text.check_values(params)
        except MalformedBody as error:
            raise BadRequest(f"the query: {error}", field="query") from error
        return params

    def _read_body(self, http: webob.Request, route: Route) -> dict[str, Any]:
        if route.request_schema is None:
            return {}
        data = self._read_bytes(http)
        if not data.strip():
            if not route.body_required:
                return {}
            raise MalformedBody(
                f"the body is empty; {http.method} {http.path} needs one", field="body"
            )
        content_type = http.environ.get("CONTENT_TYPE", "")
        value = self._dialect.read(data, content_type, route.request_schema)
        self._validators.check(value, route.request_schema)
        body: dict[str, Any] = value
        return body

    def _read_bytes(self, http: webob.Request) -> bytes:
        """The body, however it is framed: Content-Length is not believed, and a chunked body has
        none.
        """
        if not http.is_body_readable:
            return b""
        if (http.content_length or 0) > self._max_body:
            raise BodyTooLarge(field="body", limit=self._max_body)
        parts: list[bytes] = []
        left = self._max_body + 1
        source = http.body_file
        try:
            while left > 0 and (part := source.read(left)):
                parts.append(part)
                left -= len(part)
        except DisconnectionError as error:
            raise MalformedBody("the body ended before its Content-Length", field="body") from error
        if left <= 0:
            raise BodyTooLarge(field="body", limit=self._max_body)
        return b"".join(parts)

    def _answer(self, reply: Reply, chosen: Format) -> Answer:
        body = b"" if reply.body is None else self._dialect.write(reply.body, chosen)
        return Answer(reply.status, chosen.value, body, reply.headers)

    def _error_answer(self, environ: Environ, error: Exception, chosen: Format) -> Answer:
        fault = self._errors.fault(error)
        request_id = environment.request_id(environ)
        if fault.unforeseen:
            http = webob.Request(environ)
            LOG.error("%s %s failed (%s)", http.method, http.url, request_id, exc_info=error)
        headers = {}
        if isinstance(error, MethodNotAllowed):
            headers["Allow"] = ", ".join(self._mapper.allowed(self._read_path(environ)[0]))
        content_type, body = self._dialect.write_error(fault, environ, request_id, chosen)
        return Answer(fault.status, content_type, body, headers)
