"""What becomes of one request for metadata: who asks is found out, vouched for, and Nova answers.

The protocol is the one between Nova and any networking service: with ``[neutron]
service_metadata_proxy = true``, Nova takes the instance from X-Instance-ID if X-Tenant-ID is its
project and X-Instance-ID-Signature is the HMAC-SHA256 of the id (nova.api.metadata.handler).
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError
from urllib3.util import SKIP_HEADER

from netkit.errors import ServiceError
from nova_netplugins.host.metadata_server import NETWORK_ID

LOG = logging.getLogger(__name__)
Header = tuple[str, str]
_CHUNK = 64 * 1024
# Meant for the next hop only (RFC 9110, 7.6.1), or made anew for it.
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# What Nova, or a proxy before it, would believe about where a request comes from.
_VOUCHING = ("forwarded", "x-forwarded", "x-instance-", "x-metadata-provider", "x-real-ip")
_VOUCHING_EXACT = frozenset({"x-tenant-id", "x-project-id"})


@dataclass(frozen=True)
class Instance:
    """Who asks: an instance and its project, by their ids in Nova."""

    id: str
    project_id: str


FindInstance = Callable[[str, str], Instance | None]
"""Network id and source address -> the instance that has the address there. Called by several
threads at once. Raises ``netkit.errors.ServiceError`` if it cannot be told now."""


@dataclass(frozen=True)
class Request:
    """``target`` is path and query as the guest sent them."""

    method: str
    target: str
    headers: tuple[Header, ...]
    body: bytes
    source: str


@dataclass(frozen=True)
class Answer:
    """``status`` is a WSGI status line: ``200 OK``."""

    status: str
    headers: tuple[Header, ...]
    body: bytes


class Refused(Exception):
    """The guest gets this status and text instead of metadata."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status

    def answer(self) -> Answer:
        headers = (("Content-Type", "text/plain; charset=utf-8"),)
        return Answer(f"{self.status.value} {self.status.phrase}", headers, f"{self}\n".encode())


class NovaMetadata:
    """Nova's metadata service.

    Seconds: ``connect`` to reach it, ``patience`` until an answer has arrived whole. A longer one
    than ``max_answer`` bytes is refused.
    """

    def __init__(
        self,
        host: str,
        port: int,
        secret: str,
        connections: int,
        connect: float = 5.0,
        patience: float = 30.0,
        max_answer: int = 4 * 1024 * 1024,
    ) -> None:
        self._pool = urllib3.HTTPConnectionPool(host, port, maxsize=connections)
        self._secret = secret.encode()
        self._connect = connect
        self._patience = patience
        self._max_answer = max_answer
        self._name = f"Nova's metadata service at {host}:{port}"

    def ask(self, request: Request, instance: Instance) -> Answer:
        """What Nova answers to that instance. Raises Refused (502, 504)."""
        deadline = time.monotonic() + self._patience
        headers = self._headers(request, instance)
        try:
            response = self._send(request, headers)
            try:
                return _answer(response, self._read(response, deadline))
            finally:
                response.release_conn()
        except ReadTimeoutError as error:
            LOG.warning("%s did not answer in time: %s", self._name, error)
            raise Refused(
                HTTPStatus.GATEWAY_TIMEOUT, "The metadata service did not answer in time."
            ) from None
        except HTTPError as error:
            LOG.warning("%s cannot be asked: %s", self._name, error)
            raise Refused(
                HTTPStatus.BAD_GATEWAY, "The metadata service cannot be reached now."
            ) from None

    def close(self) -> None:
        """Connections that nobody uses are closed."""
        self._pool.close()

    def _headers(self, request: Request, instance: Instance) -> dict[str, str]:
        signature = hmac.new(self._secret, instance.id.encode(), hashlib.sha256).hexdigest()
        return {
            # Unless the guest sent some, there are none: not those of our HTTP library.
            "User-Agent": SKIP_HEADER,
            "Accept-Encoding": SKIP_HEADER,
            **_forwarded(request.headers),
            "X-Forwarded-For": request.source,
            "X-Instance-ID": instance.id,
            "X-Tenant-ID": instance.project_id,
            "X-Instance-ID-Signature": signature,
        }

    def _send(self, request: Request, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        try:
            return self._send_once(request, headers)
        except ProtocolError:
            # Nova may close a connection that was kept just when it is used again.
            if request.method not in ("GET", "HEAD"):
                raise
            return self._send_once(request, headers)

    def _send_once(self, request: Request, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        return self._pool.urlopen(
            request.method,
            request.target,
            body=request.body or None,
            headers=headers,
            retries=False,
            redirect=False,
            timeout=urllib3.Timeout(connect=self._connect, read=self._patience),
            preload_content=False,
            decode_content=False,
        )

    def _read(self, response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
        body = bytearray()
        while chunk := response.read1(_CHUNK, decode_content=False):
            body += chunk
            if len(body) > self._max_answer:
                response.close()
                raise HTTPError(f"its answer is longer than {self._max_answer} bytes")
            if time.monotonic() > deadline:
                response.close()
                raise ReadTimeoutError(self._pool, "", f"not whole after {self._patience} s")
        return bytes(body)


class MetadataApplication:
    """The WSGI application that guests reach."""

    def __init__(self, find_instance: FindInstance, nova: NovaMetadata) -> None:
        self._find_instance = find_instance
        self._nova = nova

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            answer = self._answer(environ)
        except Refused as refused:
            answer = refused.answer()
        headers = [header for header in answer.headers if header[0].lower() != "content-length"]
        length = _length(environ["REQUEST_METHOD"], answer)
        start_response(answer.status, [*headers, ("Content-Length", length)])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]

    def _answer(self, environ: dict[str, Any]) -> Answer:
        request = _request(environ)
        network_id = environ[NETWORK_ID]
        try:
            instance = self._find_instance(network_id, request.source)
        except ServiceError as error:
            LOG.warning(
                "cannot tell who %s on network %s is: %s", request.source, network_id, error
            )
            raise Refused(
                HTTPStatus.SERVICE_UNAVAILABLE, "It cannot be told now which instance asks."
            ) from None
        if instance is None:
            raise Refused(
                HTTPStatus.NOT_FOUND, f"No instance has the address {request.source} here."
            )
        return self._nova.ask(request, instance)


def _request(environ: dict[str, Any]) -> Request:
    method = environ["REQUEST_METHOD"]
    if method == "TRACE":
        # Its answer would show the signature to the guest.
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "TRACE is not allowed here.")
    named = [
        (key[5:].replace("_", "-").title(), value)
        for key, value in environ.items()
        if key.startswith("HTTP_")
    ]
    if environ.get("CONTENT_TYPE"):
        named.append(("Content-Type", environ["CONTENT_TYPE"]))
    return Request(
        method,
        _target(environ["REQUEST_URI"]),
        tuple(named),
        environ["wsgi.input"].read(),
        environ["REMOTE_ADDR"],
    )


def _target(uri: str) -> str:
    """Path and query of what stood in the request line: ``/a?b``, or ``http://host/a?b``."""
    if not uri.startswith("/"):
        try:
            parts = urlsplit(uri)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme.lower() != "http" or not parts.netloc:
            raise Refused(HTTPStatus.BAD_REQUEST, f"{uri!r} is not a path, wanted /...")
        uri = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path
    # Two slashes at the beginning would be read as the name of another server.
    return "/" + uri.lstrip("/")


def _forwarded(headers: Iterable[Header]) -> dict[str, str]:
    return {
        name: value
        for name, value in _end_to_end(headers)
        if not name.lower().startswith(_VOUCHING) and name.lower() not in _VOUCHING_EXACT
    }


def _end_to_end(headers: Iterable[Header]) -> list[Header]:
    headers = list(headers)
    listed = {
        word.strip().lower()
        for name, value in headers
        if name.lower() == "connection"
        for word in value.split(",")
    }
    return [header for header in headers if header[0].lower() not in _HOP_BY_HOP | listed]


def _answer(response: urllib3.BaseHTTPResponse, body: bytes) -> Answer:
    headers = tuple(_end_to_end(response.headers.items()))
    return Answer(f"{response.status} {response.reason or ''}", headers, body)


def _length(method: str, answer: Answer) -> str:
    given = dict((name.lower(), value) for name, value in answer.headers)
    # The answer to HEAD tells the length of a body that is not there.
    return given.get("content-length", "0") if method == "HEAD" else str(len(answer.body))
