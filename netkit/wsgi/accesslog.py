"""The access log: one line per answer."""

from __future__ import annotations

import datetime
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from netkit.wsgi import environment
from netkit.wsgi.environment import Environ, StartResponse, WsgiApp

ACCESS = logging.getLogger("netkit.access")


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
    """Writes each answer with ``write``: ``log_line``, ``log_pairs`` or ``print_json``."""

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


def log_pairs(access: Access) -> None:
    """``client=... method=... path=...``, without what is unknown; through the process's log."""
    if ACCESS.isEnabledFor(logging.INFO):
        found = vars(access)
        ACCESS.info(" ".join(f"{k}={_value(v)}" for k, v in found.items() if v is not None))


def print_json(access: Access) -> None:
    """One JSON object a line, with ``time`` in UTC, on the standard output stream."""
    moment = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"time": moment, **vars(access)}) + "\n"
    # One write: lines of several processes do not mix.
    os.write(sys.stdout.fileno(), line.encode())


def _value(value: object) -> str:
    text = str(value)
    plain = text.isprintable() and not set(text) & set(' "=')
    return text if plain and text else json.dumps(text)
