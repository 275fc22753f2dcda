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
from netkit.wsgi.dialect import Dialect, Format
from netkit.wsgi.faults import ErrorTable
from netkit.wsgi.paging import page_of
from netkit.wsgi.request import Reply, Request
from netkit.wsgi.routing import Mapper, Route
from netkit.wsgi.validation import Validators

LOG = logging.getLogger(__name__)

Authorize = Callable[[RequestContext, str, Mapping[str, Any]], None]
"""``authorize(context, rule, target)`` raises ``Forbidden``; target: ``project_id`` of the caller
and path variables.
"""


class Dispatcher:
    """Finds the route, asks policy, reads and validates, calls the handler, writes the answer.

    ``max_body``: bytes of the largest request body read. ``max_limit``: rows of the largest page,
    and of a page without ``limit``. The table must be complete. Raises jsonschema.SchemaError when
    a route's schema is wrong.
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
    ) -> None:
        self._mapper = mapper
        self._authorize = authorize
        self._errors = errors or ErrorTable()
        self._dialect = dialect or Dialect()
        self._max_body = max_body
        self._max_limit = max_limit
        self._validators = Validators()
        for route in mapper.rows().values():
            for schema in (route.request_schema, route.query_schema):
                if schema is not None:
                    self._validators.prepare(schema)
        mapper.prepare()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        environment.set_dispatched(environ)
        http = webob.Request(environ)
        chosen = Format.JSON
        try:
            path, chosen = self._read_path(http)
            response = self._response(self._call(http, path), chosen)
        except Exception as error:
            response = self._error_response(http, error, chosen)
        result: Iterable[bytes] = response(environ, start_response)
        return result

    def _read_path(self, http: webob.Request) -> tuple[str, Format]:
        try:
            path, chosen = self._dialect.answer_format(http)
        except UnicodeDecodeError as error:
            raise BadRequest("the path is not UTF-8", field="path") from error
        if not path.isprintable():
            raise BadRequest(
                "the path holds a character that does not print", field="path", value=path
            )
        return path, chosen

    def _call(self, http: webob.Request, path: str) -> Reply:
        match = self._mapper.match(http.method, path)
        context = environment.context(http.environ)
        route = match.route
        if route.policy is not None:
            target = {"project_id": context.project_id, **match.variables}
            self._authorize(context, route.policy, target)
        params = self._read_params(http, route)
        request = Request(
            context=context,
            body=self._read_body(http, route),
            params=params,
            page=page_of(params, http.path_url, http.query_string, self._max_limit),
            http=http,
        )
        result = route.handler(request, **match.variables)
        return result if isinstance(result, Reply) else Reply(*result)

    def _read_params(self, http: webob.Request, route: Route) -> dict[str, Any]:
        try:
            pairs = list(http.GET.items())
        except UnicodeDecodeError as error:
            raise BadRequest("the query is not UTF-8", field="query") from error
        params = self._validators.read_query(pairs, route.query_schema)
        text.check_values(params)
        return params

    def _read_body(self, http: webob.Request, route: Route) -> dict[str, Any]:
        if route.request_schema is None:
            return {}
        data = self._read_bytes(http)
        if not data.strip():
            raise MalformedBody(
                f"the body is empty; {http.method} {http.path} needs one", field="body"
            )
        content_type = http.headers.get("Content-Type", "")
        value = self._dialect.read(data, content_type, route.request_schema)
        self._validators.check(value, route.request_schema)
        body: dict[str, Any] = value
        return body

    def _read_bytes(self, http: webob.Request) -> bytes:
        """The body, however it is framed: Content-Length is not believed, and a chunked body has
        none.
        """
        if (http.content_length or 0) > self._max_body:
            raise BodyTooLarge(field="body", limit=self._max_body)
        parts: list[bytes] = []
        left = self._max_body + 1
        try:
            while left > 0 and (part := http.body_file.read(left)):
                parts.append(part)
                left -= len(part)
        except DisconnectionError as error:
            raise MalformedBody("the body ended before its Content-Length", field="body") from error
        if left <= 0:
            raise BodyTooLarge(field="body", limit=self._max_body)
        return b"".join(parts)

    def _response(self, reply: Reply, chosen: Format) -> webob.Response:
        body = b"" if reply.body is None else self._dialect.write(reply.body, chosen)
        headers = {**reply.headers, "Content-Length": str(len(body))}
        if reply.status == 204:
            del headers["Content-Length"]  # RFC 9110, 8.6
        else:
            headers["Content-Type"] = chosen.value
        return webob.Response(
            status=reply.status, headerlist=list(headers.items()), app_iter=[body]
        )

    def _error_response(
        self, http: webob.Request, error: Exception, chosen: Format
    ) -> webob.Response:
        fault = self._errors.fault(error)
        request_id = environment.request_id(http.environ)
        if fault.unforeseen:
            LOG.error("%s %s failed (%s)", http.method, http.url, request_id, exc_info=error)
        headers = {}
        if isinstance(error, MethodNotAllowed):
            headers["Allow"] = ", ".join(self._mapper.allowed(self._read_path(http)[0]))
        return self._response(
            Reply(fault.status, self._dialect.error_body(fault, request_id), headers), chosen
        )
