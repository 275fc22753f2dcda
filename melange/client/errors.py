"""What a call of Melange may end with."""

from __future__ import annotations

import json
from typing import Any

REQUEST_ID = "X-Openstack-Request-Id"
_QUOTED = 200


class ClientError(Exception):
    """A call failed. ``str()`` of it is for people; the members are for programs.

    ``status``: of HTTP, None when there was no answer. ``fault``: the name that Melange gives the
    error (``NotFound``), ``detail`` its words, ``error_code`` its stable code
    (``ip_block_not_found``); each None where the answer does not tell. ``request_id``: under which
    the server's log speaks of the call.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        fault: str | None = None,
        detail: str | None = None,
        error_code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.fault = fault
        self.detail = detail
        self.error_code = error_code
        self.request_id = request_id


class Unreachable(ClientError):
    """No answer: of Melange, or of Keystone. Whether the call was done is not known."""


class UnusableName(ClientError, ValueError):
    """A name that no path of a URL can hold, so that nothing was asked."""


class BadRequest(ClientError):
    """400: values that cannot be."""


class Unauthorized(ClientError):
    """401: no token, or one that is not accepted; or Keystone refused the credentials."""


class Forbidden(ClientError):
    """403: the caller may not do this."""


class NotFound(ClientError):
    """404: neither object nor path exist, or not for this tenant."""


class Conflict(ClientError):
    """409: taken, over quota, or not possible in the object's present state."""


class Stale(ClientError):
    """412: the object has changed since the ETag in ``if_match`` was read."""


class Unprocessable(ClientError):
    """422: understood, but there is no address to be had that way."""


class ServerError(ClientError):
    """5xx: Melange, or what stands before it, failed."""


_BY_STATUS: dict[int, type[ClientError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: Stale,
    422: Unprocessable,
}


def of_answer(answer: Any, method: str, url: str) -> ClientError:
    """The error that an answer (``requests.Response``) with a status of 400 or more tells of.

    Words that are no fault of Melange, such as a proxy's page, are quoted in part.
    """
    status: int = answer.status_code
    kind = _BY_STATUS.get(status, ServerError if status >= 500 else ClientError)
    name, fault = _fault(answer.text)
    detail = fault.get("detail") or fault.get("message")
    if name is None:
        detail = " ".join(answer.text.split())[:_QUOTED] or None
    said = detail or "no reason is given"
    return kind(
        f"{said} ({status}, {method} {url})",
        status=status,
        fault=name,
        detail=detail,
        error_code=fault.get("error_code"),
        request_id=answer.headers.get(REQUEST_ID),
    )


def _fault(text: str) -> tuple[str | None, dict[str, Any]]:
    """Name and members of the fault that a body is: its only key, and what is below."""
    try:
        body = json.loads(text)
    except ValueError:
        return None, {}
    if isinstance(body, dict) and len(body) == 1:
        ((name, fault),) = body.items()
        if isinstance(fault, dict) and "code" in fault:
            return str(name), fault
    return None, {}
