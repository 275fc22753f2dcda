"""The exception table, and an API with an error body of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
import webob

from netkit.errors import Conflict, MalformedBody, RemoteError, ServiceError
from netkit.wsgi import Mapper, Request, Result, Route, jsontext
from netkit.wsgi.dialect import Dialect, Format
from netkit.wsgi.dispatch import Dispatcher
from netkit.wsgi.faults import ErrorTable, Fault


class Library(Exception):
    pass


class Locked(Library):
    pass


class LockedByMe(Locked):
    pass


@pytest.fixture
def table() -> ErrorTable:
    table = ErrorTable()
    table.register(Library, 503, "library_away", "the library does not answer")
    table.register(Locked, 409, "locked")
    return table


def test_the_nearest_registered_class_decides(table: ErrorTable) -> None:
    fault = table.fault(LockedByMe("shelf 5 is locked"))
    assert (fault.status, fault.code, fault.message) == (409, "locked", "shelf 5 is locked")
    assert table.fault(Library("secret")).message == "the library does not answer"


def test_a_service_error_speaks_for_itself(table: ErrorTable) -> None:
    class InUse(Conflict):
        code = "in_use"
        template = "{field} {value} is in use by {user}"

    fault = table.fault(InUse(field="vlan", value=5, user="p1"))
    assert fault == Fault(409, "in_use", "vlan 5 is in use by p1", "vlan", 5)


def test_a_remote_servers_error_keeps_its_status_and_code(table: ErrorTable) -> None:
    error: ServiceError = RemoteError("no", status=422, code="block_full", value="b")
    fault = table.fault(error)
    assert (fault.status, fault.code, fault.value) == (422, "block_full", "b")


def test_what_nobody_registered_is_unforeseen(table: ErrorTable) -> None:
    fault = table.fault(KeyError("secret"))
    assert (fault.status, fault.unforeseen) == (500, True)
    assert "secret" not in fault.message


def _named(fault: Fault, request_id: str) -> Mapping[str, Any]:
    return {"Conflict": {"code": fault.status, "detail": fault.message}}


def test_an_api_can_have_an_error_body_and_media_types_of_its_own() -> None:
    def refuse(request: Request) -> Result:
        raise Conflict("taken")

    mapper = Mapper()
    mapper.add(Route("GET", "/x", refuse, policy=None))
    aliases = {"application/vnd.example+xml": Format.XML}
    app = Dispatcher(
        mapper,
        lambda context, rule, target: None,
        dialect=Dialect(error_body=_named, aliases=aliases),
    )
    as_json = webob.Request.blank("/x").get_response(app)
    assert json.loads(as_json.body) == {"Conflict": {"code": 409, "detail": "taken"}}
    accept = {"Accept": "application/vnd.example+xml; q=1"}
    as_xml = webob.Request.blank("/x", headers=accept).get_response(app)
    assert as_xml.content_type == "application/xml"
    assert b"<Conflict><code>409</code><detail>taken</detail></Conflict>" in as_xml.body


def test_a_body_of_very_many_keys_is_refused_quickly() -> None:
    keys = ",".join(f'"k{number}":0' for number in range(100_000))
    began = time.monotonic()
    with pytest.raises(MalformedBody, match="'k99999' occurs twice"):
        jsontext.parse("{" + keys + ',"k99999":1}')
    assert time.monotonic() - began < 2
