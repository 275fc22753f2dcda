"""The whole pipeline of Melange's server around a table of three resources that tell who calls."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import webob

from melange import conf as configuration
from melange.api.deploy import build_app
from melange.api.metrics import AllBlocks
from melange.api.row import Row
from melange.db.opening import ready_database
from melange.ipam.unit import Unit
from netkit.db import Database, Retry
from netkit.wsgi import Request, Result
from netkit.wsgi.environment import WsgiApp


def whoami(request: Request, unit: Unit, **_variables: str) -> Result:
    caller = unit.caller
    found = {
        "tenant": caller.project_id,
        "user": caller.user_id,
        "roles": sorted(caller.roles),
        "is_admin": caller.is_admin,
    }
    return 200, {"caller": found}


def contended() -> Callable[..., Result]:
    """A handler whose every transaction has to be started twice."""
    calls = iter(range(1000))

    def handle(request: Request, unit: Unit, **_variables: str) -> Result:
        if next(calls) % 2 == 0:
            raise Retry("somebody was quicker")
        return 200, {"done": True}

    return handle


def rows() -> list[Row]:
    tenants = "/ipam/tenants/{tenant_id}"
    return [
        Row("GET", "/ipam/books", whoami, "books:list", kind="C"),
        Row("GET", f"{tenants}/books", whoami, "books:list", kind="C"),
        Row("POST", f"{tenants}/books", whoami, "books:create", kind="C"),
        Row("PUT", "/ipam/allowances/{tenant_id}", whoami, "allowances:update", kind="C"),
        Row("POST", "/ipam/contended", contended(), "contended:create", kind="C"),
    ]


@dataclass(frozen=True)
class Melange:
    app: WsgiApp
    database: Database

    def call(self, method: str, path: str, headers: dict[str, str] | None = None) -> webob.Response:
        return webob.Request.blank(path, method=method, headers=headers or {}).get_response(
            self.app
        )

    def get(self, path: str, **headers: str) -> webob.Response:
        """``headers``: underscores stand for hyphens."""
        return self.call("GET", path, {k.replace("_", "-"): v for k, v in headers.items()})


def melange(directory: Path, settings: str = "", all_blocks: AllBlocks | None = None) -> Melange:
    """A server with this configuration, and its SQLite database in the directory."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(f"[DEFAULT]\nstate_path = {directory}\n{settings}")
        file.flush()
        conf = configuration.load([], config_files=[file.name])
    database = ready_database(conf)
    return Melange(build_app(conf, database, rows(), all_blocks=all_blocks), database)


def caller(response: webob.Response) -> dict[str, Any]:
    assert response.status_int == 200, response.text
    found: dict[str, Any] = response.json["caller"]
    return found
