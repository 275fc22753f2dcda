"""The layers around a dispatcher: request id, what is open to everybody, and one shape for the
errors of other layers.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from typing import Any

import webob
from oslo_context import context as oslo_context

from netkit.wsgi import environment
from netkit.wsgi.dialect import Dialect, Format
from netkit.wsgi.environment import Environ, StartResponse, WsgiApp
from netkit.wsgi.faults import ErrorTable, Fault

LOG = logging.getLogger(__name__)


class RequestId:
    """Gives each request an id, to its answer (X-Openstack-Request-Id), its errors and its log
    lines.

    An id that the client sends in the same header is logged with it, so that a chain of services
    can be followed.
    """

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        request_id = oslo_context.generate_request_id()
        environment.set_request_id(environ, request_id)
        # oslo.log prints the ids of the thread's current context; making one makes it current. It
        # drops a global id that is not of its form.
        oslo_context.RequestContext(
            request_id=request_id,
            global_request_id=environ.get("HTTP_X_OPENSTACK_REQUEST_ID"),
            overwrite=True,
        )

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [*headers, ("X-Openstack-Request-Id", request_id)], *rest)

        return self._app(environ, start)


class Fork:
    """Sends the ``paths`` that are open to everybody, with or without a format suffix, one way and
    the rest the other.
    """

    def __init__(self, paths: Collection[str], public: WsgiApp, private: WsgiApp) -> None:
        self._paths = paths
        self._public = public
        self._private = private

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"].removesuffix(".json").removesuffix(".xml") or "/"
        app = self._public if path in self._paths else self._private
        return app(environ, start_response)


class ErrorShape:
    """Gives the error answers of layers that are not ours (keystonemiddleware) our body, in the
    client's format.

    ``faults``: status -> what it means here. An exception that escapes a layer is answered as 500
    and logged.
    """

    def __init__(
        self, app: WsgiApp, faults: dict[int, Fault], dialect: Dialect | None = None
    ) -> None:
        self._app = app
        self._faults = faults
        self._dialect = dialect or Dialect()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        http = webob.Request(environ)
        request_id = environment.request_id(environ)
        try:
            response = http.get_response(self._app)
        except Exception as error:
            LOG.exception("%s %s failed (%s)", http.method, http.path, request_id)
            response = webob.Response(status=500)
            self._reshape(http, response, ErrorTable().fault(error), request_id)
        else:
            fault = self._faults.get(response.status_int)
            if fault is not None and not environment.dispatched(environ):
                self._reshape(http, response, fault, request_id)
        result: Iterable[bytes] = response(environ, start_response)
        return result

    def _reshape(
        self, http: webob.Request, response: webob.Response, fault: Fault, request_id: str
    ) -> None:
        try:
            _, chosen = self._dialect.answer_format(http)
        except UnicodeDecodeError:
            chosen = Format.JSON
        content_type, body = self._dialect.write_error(fault, http.environ, request_id, chosen)
        response.body = body
        response.headers["Content-Type"] = content_type
