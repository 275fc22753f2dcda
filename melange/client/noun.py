"""What the parts of the client, one for each noun of the API, have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from melange.client.transport import Transport
from melange.client.types import Versioned


class Noun:
    """The calls of one noun. Every method raises ``errors.ClientError``.

    ``filters`` of lists are query parameters of the API; one that is None is left out, several
    values go as a list. Fields that are not given are not sent; those given as None are sent as
    null. POSTs take ``idempotency_key``, PUTs and DELETEs ``if_match``, the ETag of the state that
    may be changed, which ``..._versioned`` tells.
    """

    def __init__(self, http: Transport) -> None:
        self._http = http

    def _all(self, path: str, root: str, filters: Mapping[str, Any]) -> Iterator[Any]:
        return self._http.pages(path, root, filters)

    def _one(self, path: str, root: str) -> Any:
        return self._http.get(path)[root]

    def _one_versioned(self, path: str, root: str) -> Versioned[Any]:
        body, etag = self._http.get_versioned(path)
        return Versioned(body[root], etag)

    def _create(self, path: str, root: str, fields: Mapping[str, Any], key: str | None) -> Any:
        return self._http.post(path, {root: fields}, key)[root]

    def _update(self, path: str, root: str, fields: Mapping[str, Any], if_match: str | None) -> Any:
        return self._http.put(path, {root: fields}, if_match)[root]
