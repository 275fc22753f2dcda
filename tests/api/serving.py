"""A net-api server of a test's own, and a client that speaks to it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import requests

from netkit.wsgi.health import Probe
from netkit.wsgi.server import Server
from nova_netplugins import conf as configuration
from nova_netplugins.api.deploy import build_app
from tests.api.example import RULES, Shelves

JSON = {"Content-Type": "application/json"}
XML = {"Content-Type": "application/xml"}


@dataclass(frozen=True)
class Api:
    """Calls below ``/v1.0/library``, as whoever ``headers`` say."""

    url: str
    shelves: Shelves
    headers: dict[str, str] = field(default_factory=dict)

    def call(
        self, method: str, path: str, *, data: Any = None, **headers: str
    ) -> requests.Response:
        """``headers``: underscores stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = path if path.startswith("http") else f"{self.url}/v1.0/library{path}"
        return requests.request(
            method, url, data=data, headers={**self.headers, **named}, timeout=30
        )

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.call("GET", path, **headers)

    def post_json(self, path: str, body: Any, **headers: str) -> requests.Response:
        return requests.post(
            f"{self.url}/v1.0/library{path}",
            json=body,
            headers={**self.headers, **headers},
            timeout=30,
        )

    def as_project(self, project_id: str, *roles: str) -> Api:
        """The same server for a caller of this project; without roles, a member."""
        named = ",".join(roles or ("member",))
        return Api(self.url, self.shelves, {"X-Project-Id": project_id, "X-Roles": named})

    def with_token(self, token: str, **headers: str) -> Api:
        return Api(self.url, self.shelves, {"X-Auth-Token": token, **headers})


@contextlib.contextmanager
def serve(settings: str = "", probes: dict[str, Probe] | None = None) -> Iterator[Api]:
    """A server configured by ``settings``, with the example as its only service: ``library``."""
    shelves = Shelves()
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(settings)
        file.flush()
        conf = configuration.load([], config_files=[file.name])
        app = build_app(conf, [("library", shelves.routes)], probes=probes, rules=RULES)
    server = Server(app, max_body=conf.api.max_request_body_size, threads=4)
    server.start()
    try:
        yield Api(server.url, shelves)
    finally:
        server.stop()
