"""The access log: one line per answer."""

from __future__ import annotations

import datetime
import json
import logging
import os
import re
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from netkit.wsgi import environment
from netkit.wsgi.environment import Environ, StartResponse, WsgiApp

ACCESS = logging.getLogger("netkit.access")
_PLAIN = re.compile(r"[!#-<>-~]+")


@dataclass(frozen=True)
class Access:
    """One answered request. ``path`` is quoted, so that nobody writes lines of their own into the
    log; ``bytes`` is None for an answer of unknown length.
    """

    client: str
    method: str
    path: str
    status: int
    bytes: int | None
    milliseconds: float
    request_id: str
    user_id: str | None
    project_id: str | None


class AccessLog:
    """Writes each answer with ``write``: ``log_line``, ``print_pairs`` or ``print_json``."""

    def __init__(self, app: WsgiApp, write: Callable[[Access], None] | None = None) -> None:
        self._app = app
        self._write = write or log_line

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        began = time.monotonic()
        # Layers below may rewrite the path.
        path = quote(f"{environ.get('SCRIPT_NAME', '')}{environ['PATH_INFO']}", encoding="latin-1")
        query = quote(environ.get("QUERY_STRING", ""), safe="=&%+,:/-_.~")

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            length = next((v for k, v in headers if k.lower() == "content-length"), None)
            context = environment.context(environ)
            self._write(
                Access(
                    client=environ.get("REMOTE_ADDR", "-"),
                    method=quote(environ["REQUEST_METHOD"]),
                    path=f"{path}?{query}" if query else path,
                    status=int(status[:3]),
                    bytes=None if length is None else int(length),
                    milliseconds=round((time.monotonic() - began) * 1000, 3),
                    request_id=environment.request_id(environ),
                    user_id=context.user_id,
                    project_id=context.project_id,
                )
            )
            return start_response(status, headers, *rest)

        return self._app(environ, start)


def log_line(access: Access) -> None:
    """Client, method, URL, status, bytes, milliseconds, request id; through the process's log."""
    ACCESS.info(
        '%s "%s %s" %s %s %d ms %s',
        access.client,
        access.method,
        access.path,
        access.status,
        "-" if access.bytes is None else access.bytes,
        access.milliseconds,
        access.request_id,
    )


def print_pairs(access: Access) -> None:
    """``time=... client=... method=...``, without what is unknown, on the standard output stream:
    the process's log takes longer for a line than many a request.
    """
    found = {"time": _now(), **vars(access)}
    _print(" ".join(f"{k}={_value(v)}" for k, v in found.items() if v is not None))


def print_json(access: Access) -> None:
    """The same as one JSON object a line."""
    _print(json.dumps({"time": _now(), **vars(access)}))


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def _print(line: str) -> None:
    # One write: lines of several threads and processes do not mix.
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def _value(value: object) -> str:
    if not isinstance(value, str):
        return str(value)
    return value if _PLAIN.fullmatch(value) else json.dumps(value)
