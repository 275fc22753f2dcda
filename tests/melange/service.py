"""Melange as a test uses it: the whole WSGI application over an SQLite database of its own."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
import webob

from melange import conf as configuration
from melange.api.application import make_application
from melange.db.opening import ready_database
from melange.ipam import blocks
from melange.ipam.blocks import Block
from melange.ipam.settings import settings_of
from melange.ipam.unit import Unit, utcnow
from netkit.context import RequestContext
from netkit.db import Database
from netkit.wsgi.environment import WsgiApp

T = TypeVar("T")

OPERATOR = RequestContext(
    None, "op", frozenset({"admin"}), "req-test", is_admin=True, all_projects=True
)


@dataclass(frozen=True)
class Service:
    """Calls below ``/v0.1/ipam``, as whoever ``headers`` say: an administrator without any."""

    app: WsgiApp
    database: Database
    conf: Any
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> webob.Response:
        """``headers``: underscores stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = webob.Request.blank(
            f"/v0.1/ipam{path}", method=method, headers={**self.headers, **named}
        )
        if body is not None:
            request.content_type = "application/json"
            request.body = json.dumps(body).encode()
        return request.get_response(self.app)

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's body, of a call that has to succeed."""
        response = self.call(method, path, body)
        assert response.status_int < 300, response.text
        return response.json if response.body else None

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """The status and the detail of a call that has to fail, and not on the server's account."""
        response = self.call(method, path, body)
        assert 400 <= response.status_int < 500, response.text
        (fault,) = response.json.values()
        return response.status_int, fault["detail"]

    def as_tenant(self, tenant_id: str) -> Service:
        """The same server, for a member of the tenant."""
        headers = {"X-Project-Id": tenant_id, "X-Roles": "member"}
        return Service(self.app, self.database, self.conf, headers)

    def within(self, work: Callable[[Unit], T]) -> T:
        """What the domain does for an operator, in one transaction."""

        def once(connection: sa.Connection) -> T:
            unit = Unit(connection, OPERATOR, settings_of(self.conf), utcnow())
            result = work(unit)
            unit.write_audit()
            return result

        return self.database.run(once)

    def block(self, tenant_id: str, cidr: str, network_id: str | None = None, **more: Any) -> Block:
        """A new private block."""
        fields = {"type": "private", "cidr": cidr, "network_id": network_id, **more}
        return self.within(lambda unit: blocks.create(unit, tenant_id, fields))


def service(directory: Path, settings: str = "") -> Service:
    """A server with this configuration, and its SQLite database in the directory."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(f"[DEFAULT]\nstate_path = {directory}\n[api]\naccess_log = off\n{settings}")
        file.flush()
        conf = configuration.load([], config_files=[file.name])
    database = ready_database(conf)
    return Service(make_application(conf, database), database, conf)
