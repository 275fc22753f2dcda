"""Melange in this process, over any database."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import webob

from melange import conf as configuration
from melange.api.application import make_application
from melange.db import MELANGE
from melange.ipam import blocks
from melange.ipam.blocks import Block
from netkit import migrations
from netkit.db import Database
from tests.melange import service

TENANT = "acme"


@dataclass(frozen=True)
class Melange(service.Service):
    """Calls below ``/v0.1/ipam``, with names for what they have to come to."""

    def as_tenant(self, tenant_id: str) -> Melange:
        return replace(self, headers={"X-Tenant": tenant_id})

    def get(self, path: str, **headers: str) -> Any:
        """The JSON of a GET that succeeds."""
        return self.answer(200, "GET", path, **headers).json

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """The JSON of a POST that makes something."""
        return self.answer(201, "POST", path, body, **headers).json

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        """The JSON of a PUT that succeeds; None if there is none."""
        answer = self.answer(200, "PUT", path, body, **headers)
        return answer.json if answer.body else None

    def delete(self, path: str, **headers: str) -> None:
        self.answer(200, "DELETE", path, **headers)

    def answer(
        self, status: int, method: str, path: str, body: Any = None, **headers: str
    ) -> webob.Response:
        """An answer that has this status."""
        answer = self.call(method, path, body, **headers)
        assert answer.status_int == status, answer.text
        return answer

    def send_xml(self, method: str, path: str, document: str) -> webob.Response:
        request = webob.Request.blank(
            f"/v0.1/ipam{path}",
            method=method,
            headers=self.headers,
            body=document.encode(),
            content_type="application/xml",
        )
        return request.get_response(self.app)

    def refusal(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """Status and error code of an answer that is a fault."""
        answer = self.call(method, path, body, **headers)
        (fault,) = answer.json.values()
        assert fault["code"] == answer.status_int
        return answer.status_int, fault["error_code"]

    def new_block(self, cidr: str, tenant_id: str = TENANT, **fields: Any) -> Block:
        """Private unless told otherwise."""
        given = {"type": "private", **fields, "cidr": cidr}
        return self.within(lambda unit: blocks.create(unit, tenant_id, given))


def path_of(block: Block, *further: str) -> str:
    """The URL of a block below its tenant, and what is below it."""
    return "/".join((f"/tenants/{block.tenant_id}/ip_blocks/{block.id}", *further))


@contextlib.contextmanager
def serve(database_url: str, settings: str = "") -> Iterator[Melange]:
    """Melange over that database, whose tables it makes. ``settings``: of the configuration."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(f"[database]\nconnection = {database_url}\n[api]\naccess_log = off\n{settings}")
        file.flush()
        conf = configuration.load([], config_files=[file.name])
    database = Database(conf.database)
    try:
        migrations.upgrade(database, MELANGE)
        yield Melange(make_application(conf, database), database, conf)
    finally:
        database.close()
