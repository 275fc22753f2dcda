"""The errors a service reports to its caller, whatever carries them: REST, RPC or a command line.

Each class is one *kind* of failure, with a stable ``code`` that programs may test and a message for
people. The message names the value at fault and what would be right; ``field`` and ``value`` say
the same to programs.
"""

from __future__ import annotations

import http
import json
from typing import Any

_SHOWN = 80


def shorten(value: object, limit: int = _SHOWN) -> str:
    """A value for a message, strings in quotes; the middle of a long one is left out."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    if len(text) <= limit:
        return text
    half = limit // 2
    length = len(value) if isinstance(value, str) else len(text)
    return f"{text[:half]}...{text[-half:]} ({length} characters)"


class ServiceError(Exception):
    """A failure the caller is told of. A subclass sets ``status`` (HTTP), ``code`` and
    ``template``.

    ``template`` is a ``str.format`` text over ``field``, ``value`` (shortened) and any further
    keyword given::

        class NetworkNotFound(NotFound):
            code = "network_not_found"
            template = "network {value} does not exist"

        raise NetworkNotFound(value=network_id, field="network_id")
    """

    status: int = http.HTTPStatus.INTERNAL_SERVER_ERROR
    code: str = "internal_error"
    template: str = "the service failed"

    def __init__(
        self,
        message: str | None = None,
        *,
        field: str | None = None,
        value: Any = None,
        **details: Any,
    ) -> None:
        self.field = field
        self.value = value
        self.message = message or self.template.format(field=field, value=shorten(value), **details)
        super().__init__(self.message)


class BadRequest(ServiceError):
    status = http.HTTPStatus.BAD_REQUEST
    code = "bad_request"
    template = "{field} cannot be {value}"


class ValidationError(BadRequest):
    """A body or query that breaks its schema. ``field`` and ``value`` are those of the first
    mistake.
    """

    code = "invalid_request"


class MalformedBody(BadRequest):
    """A body that is not JSON or XML at all."""

    code = "malformed_body"


class Unauthorized(ServiceError):
    status = http.HTTPStatus.UNAUTHORIZED
    code = "unauthorized"
    template = "this request needs a valid token in X-Auth-Token"


class Forbidden(ServiceError):
    status = http.HTTPStatus.FORBIDDEN
    code = "forbidden"
    template = "you are not allowed to do this"


class NotFound(ServiceError):
    status = http.HTTPStatus.NOT_FOUND
    code = "not_found"
    template = "{value} does not exist"


class NoRoute(NotFound):
    """No route leads anywhere from this path, or from this method of it."""


class MethodNotAllowed(ServiceError):
    status = http.HTTPStatus.METHOD_NOT_ALLOWED
    code = "method_not_allowed"
    template = "{value} is not a method of this resource; it has {allowed}"


class Conflict(ServiceError):
    status = http.HTTPStatus.CONFLICT
    code = "conflict"
    template = "{value} is in use"


class BodyTooLarge(ServiceError):
    status = http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "body_too_large"
    template = (
        "the request body is larger than the {limit} bytes that this server reads "
        "([api] max_request_body_size)"
    )


class InvalidContentLength(ServiceError):
    status = http.HTTPStatus.BAD_REQUEST
    code = "invalid_content_length"
    template = "Content-Length: {value} is not a number of bytes, given once"


class UnsupportedMediaType(ServiceError):
    status = http.HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "unsupported_media_type"
    template = "Content-Type {value} is not supported; send one of {supported}"


class NotSupported(ServiceError):
    """The service does not do this at all, such as floating IPs on a flat network."""

    status = http.HTTPStatus.NOT_IMPLEMENTED
    code = "not_supported"
    template = "{value} is not supported here"


class Unavailable(ServiceError):
    """It may work later: the database, Keystone or another service did not answer."""

    status = http.HTTPStatus.SERVICE_UNAVAILABLE
    code = "unavailable"
    template = "{value} does not answer now; try again later"


class RemoteError(ServiceError):
    """What another server answered, with its own status and code, for a REST or RPC client to
    raise.
    """

    code = "remote_error"

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str,
        field: str | None = None,
        value: Any = None,
    ) -> None:
        super().__init__(message, field=field, value=value)
        self.status = status
        self.code = code
