"""Exceptions to error answers: one table, one body shape."""

from __future__ import annotations

import http
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from netkit.errors import ServiceError
from netkit.wsgi.mistakes import echo


@dataclass(frozen=True)
class Fault:
    """What an error answer tells. ``unforeseen``: nobody named this exception; it is a defect to be
    logged.
    """

    status: int
    code: str
    message: str
    field: str | None = None
    value: Any = None
    unforeseen: bool = False


_UNFORESEEN = Fault(
    http.HTTPStatus.INTERNAL_SERVER_ERROR,
    "internal_error",
    "the server failed on this request; its log tells why, under the request id",
    unforeseen=True,
)


class ErrorTable:
    """Which exception is answered how. The nearest class in the exception's hierarchy decides.

    ``ServiceError`` and its subclasses speak for themselves; an application registers those of its
    libraries::

        table = ErrorTable()
        table.register(oslo_db.exception.DBConnectionError, 503, "database_unavailable",
                       "the database does not answer; try again later")
    """

    def __init__(self) -> None:
        self._rows: dict[type[BaseException], Fault] = {}

    def register(
        self, kind: type[Exception], status: int, code: str, message: str | None = None
    ) -> None:
        """``message`` None: the exception's own text, which must be fit for a caller's eyes."""
        self._rows[kind] = Fault(status, code, message or "")

    def fault(self, error: Exception) -> Fault:
        for kind in type(error).__mro__:
            if kind is ServiceError and isinstance(error, ServiceError):
                return _own_fault(error)
            if kind in self._rows:
                row = self._rows[kind]
                return Fault(row.status, row.code, row.message or str(error))
        return _UNFORESEEN


def _own_fault(error: ServiceError) -> Fault:
    return Fault(int(error.status), error.code, error.message, error.field, echo(error.value))


def error_body(fault: Fault, request_id: str) -> Mapping[str, Any]:
    """The body of every error answer."""
    return {
        "error": {
            "code": fault.code,
            "status": fault.status,
            "message": fault.message,
            "field": fault.field,
            "value": fault.value,
            "request_id": request_id,
        }
    }
