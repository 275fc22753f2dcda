"""net-api as its clients see it, from within a network namespace."""

from __future__ import annotations

import contextlib
import http.client
import json
from typing import Any

from nova_netplugins.host import namespaces

PORT = 9797
Row = dict[str, Any]


def ask(
    netns: str, server: str, path: str, method: str = "GET", body: Row | None = None
) -> tuple[int, Any]:
    """Status and content (of JSON: what it says) that a client in the namespace is answered."""
    connection = http.client.HTTPConnection(server, timeout=30)
    with namespaces.entered(netns), contextlib.closing(connection):
        content = None if body is None else json.dumps(body)
        connection.request(method, path, content, {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read()
    is_json = text and "json" in response.headers["Content-Type"]
    return response.status, json.loads(text) if is_json else text


class Api:
    """net-api as its clients see it. What it refuses fails the test."""

    def __init__(self, netns: str) -> None:
        self._netns = netns

    def answers(self) -> bool:
        with contextlib.suppress(OSError):
            return self._call("GET", "/", None)[0] == 200
        return False

    def get(self, path: str) -> Any:
        return self._succeed("GET", path, None)

    def post(self, path: str, body: Row) -> Any:
        return self._succeed("POST", path, body)

    def put(self, path: str, body: Row) -> Any:
        return self._succeed("PUT", path, body)

    def delete(self, path: str) -> None:
        self._succeed("DELETE", path, None)

    def _succeed(self, method: str, path: str, body: Row | None) -> Any:
        status, answer = self._call(method, f"/v1.0{path}", body)
        assert status < 300, f"{method} {path}: {status} {answer}"
        return answer

    def _call(self, method: str, path: str, body: Row | None) -> tuple[int, Any]:
        return ask(self._netns, f"127.0.0.1:{PORT}", path, method, body)
