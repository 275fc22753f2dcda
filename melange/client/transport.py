"""HTTP to Melange over a keystoneauth1 session, with retries that are safe."""

from __future__ import annotations

import logging
import random
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from keystoneauth1 import exceptions
from keystoneauth1.adapter import Adapter

from melange.client import errors

LOG = logging.getLogger(__name__)

VERSION = "v0.1"
_VERSIONED = re.compile(r"/v\d+(\.\d+)*$")
_FORMATS = (".json", ".xml")


@dataclass(frozen=True)
class Patience:
    """How long to wait and how often to try again.

    ``timeout``: seconds for the connection, and for each wait for the server. ``retries``: further
    attempts of a call after no answer, or after a 503; the first ``delay`` seconds after the
    failure, each following after twice as long, at most ``longest_delay``, by which a server's
    Retry-After is limited too.
    """

    timeout: float = 60.0
    retries: int = 4
    delay: float = 0.25
    longest_delay: float = 10.0

    def wait(self, attempt: int, retry_after: str | None = None) -> float:
        """Seconds between an attempt (the first is 0) and the next."""
        if retry_after is not None and retry_after.isdigit():
            return min(float(retry_after), self.longest_delay)
        # Not all clients of a server that comes back shall come back in the same moment.
        doubled: float = self.delay * 2**attempt
        return min(doubled * random.uniform(0.75, 1.25), self.longest_delay)


def path(*segments: str, suffix: bool = True) -> str:
    """A path below /v0.1 of these segments, whatever is in them.

    A name that ends in something like a file's suffix gets ``.json`` behind it, so that the server
    does not take the end of the name for a format; ``suffix=False`` for routes that take none.
    Raises ``errors.UnusableName`` for a segment that no path can hold.
    """
    for segment in segments:
        if not segment or segment in (".", "..") or "/" in segment:
            raise errors.UnusableName(
                f"{segment!r} cannot be part of a path; give the name of an object"
            )
    encoded = "/".join(quote(segment, safe="") for segment in segments)
    return f"{encoded}.json" if suffix and "." in segments[-1] else encoded


class Transport:
    """Calls by method and path. Every call raises ``errors.ClientError``."""

    def __init__(self, adapter: Adapter, patience: Patience) -> None:
        self._adapter = adapter
        self._patience = patience
        self._root: str | None = None

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return self._json(self._call("GET", path, query=query))

    def get_versioned(self, path: str) -> tuple[dict[str, Any], str]:
        """The body, and the ETag of the object in it."""
        answer = self._call("GET", path)
        return self._json(answer), str(answer.headers.get("ETag", ""))

    def pages(
        self, path: str, root: str, query: Mapping[str, Any] | None = None
    ) -> Iterator[dict[str, Any]]:
        """The objects of a list, page after page, each page asked for when its first is wanted."""
        params: Mapping[str, Any] | None = query
        while True:
            body = self.get(path, params)
            yield from body[root]
            links = [link for link in body.get(f"{root}_links", ()) if link["rel"] == "next"]
            if not links:
                return
            # Not the whole link: a server behind a proxy may not know how we reach it.
            params = dict(parse_qsl(urlsplit(links[0]["href"]).query, keep_blank_values=True))

    def post(
        self, path: str, body: Mapping[str, Any] | None = None, key: str | None = None
    ) -> dict[str, Any]:
        """``key``: of this call, for the case that the caller itself may have to repeat it later;
        by default a new one.
        """
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        return self._json(self._call("POST", path, body, headers=headers))

    def put(
        self, path: str, body: Mapping[str, Any] | None = None, if_match: str | None = None
    ) -> dict[str, Any]:
        return self._json(self._call("PUT", path, body, headers=_condition(if_match)))

    def delete(self, path: str, if_match: str | None = None) -> None:
        self._call("DELETE", path, headers=_condition(if_match))

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The answer (``requests.Response``) of the first attempt that got one that is final."""
        given: dict[str, Any] = {} if body is None else {"json": body}
        if query:
            given["params"] = {k: _text(v) for k, v in query.items() if v is not None}
        headers = {"Accept": "application/json", **(headers or {})}
        # With a condition, our own first attempt may be what makes a second one fail.
        repeatable = "If-Match" not in headers
        lost = False
        for attempt in range(self._patience.retries + 1):
            last = attempt == self._patience.retries
            try:
                answer = self._send(method, path, headers=headers, **given)
            except errors.Unreachable as error:
                if last or not repeatable:
                    raise
                lost = True
                self._rest(self._patience.wait(attempt), error)
                continue
            if answer.status_code == 503 and not last:
                wait = self._patience.wait(attempt, answer.headers.get("Retry-After"))
                self._rest(wait, "Melange cannot answer now")
                continue
            if answer.status_code == 404 and method == "DELETE" and lost:
                return answer  # The attempt whose answer was lost has deleted it.
            if answer.status_code >= 400:
                raise errors.of_answer(answer, method, answer.url)
            return answer
        raise AssertionError("the last attempt returns or raises")

    def _send(self, method: str, path: str, **given: Any) -> Any:
        """One attempt. Raises Unreachable, Unauthorized."""
        try:
            return self._adapter.request(
                f"{self._endpoint()}/{path}",
                method,
                raise_exc=False,
                timeout=self._patience.timeout,
                **given,
            )
        except exceptions.Unauthorized as error:
            raise errors.Unauthorized(
                f"Keystone refuses the credentials: {error}", status=401
            ) from error
        except exceptions.HttpError as error:
            raise errors.ServerError(
                f"Keystone failed: {error}", status=error.http_status
            ) from error
        except exceptions.ConnectionError as error:
            raise errors.Unreachable(f"Melange does not answer: {_brief(error)}") from error
        except exceptions.ClientException as error:
            raise errors.ClientError(str(error)) from error

    def _endpoint(self) -> str:
        """Where v0.1 is; the catalogue may name the service's root instead."""
        if self._root is None:
            found = self._adapter.get_endpoint()
            if not found:
                raise errors.ClientError(
                    "no endpoint of Melange is known: neither given nor in Keystone's catalogue"
                    f" as service type {self._adapter.service_type!r}"
                )
            found = found.rstrip("/")
            self._root = found if _VERSIONED.search(found) else f"{found}/{VERSION}"
        return self._root

    def _rest(self, seconds: float, why: object) -> None:
        LOG.info("%s; trying again in %.1f s", why, seconds)
        time.sleep(seconds)

    @staticmethod
    def _json(answer: Any) -> dict[str, Any]:
        if not answer.content:
            return {}
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise errors.ClientError(
                f"{answer.url} was not answered in JSON: is it Melange?", status=answer.status_code
            )
        return body


def _condition(if_match: str | None) -> dict[str, str]:
    return {} if if_match is None else {"If-Match": if_match}


def _text(value: Any) -> Any:
    """A query parameter's value; several are one text with commas."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple, set, frozenset)):
        return ",".join(str(one) for one in value)
    return value


def _brief(error: Exception) -> str:
    """What happened, without the objects of requests and urllib3 that it happened in."""
    at = str(error).partition(": HTTP")[0]
    reason: BaseException | None = error
    while reason is not None:
        if isinstance(reason, OSError) and reason.strerror:
            return f"{at}: {reason.strerror}"
        reason = reason.__cause__ or reason.__context__
    return at
