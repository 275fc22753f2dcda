"""What one API may do differently from another: suffixes, bodies, methods, parameters, errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import webob

from netkit.errors import MethodNotAllowed, NoRoute
from netkit.wsgi import Mapper, Request, Result, Route
from netkit.wsgi.dialect import Dialect, Format
from netkit.wsgi.dispatch import Dispatcher
from netkit.wsgi.faults import Fault
from netkit.wsgi.middleware import ErrorShape
from netkit.wsgi.pathtree import Suffix

OPEN = {"type": "object", "properties": {"size": {"type": "integer"}}}


def _echo(request: Request, **variables: str) -> Result:
    return 200, {
        "call": {
            "variables": variables,
            "body": request.body,
            "params": request.params,
            "limit": request.page.limit,
        }
    }


def _app(*rows: Route, dialect: Dialect | None = None, **options: Any) -> Dispatcher:
    mapper = Mapper()
    mapper.add(*rows)
    return Dispatcher(mapper, lambda context, rule, target: None, dialect=dialect, **options)


def _call(app: Any, path: str, method: str = "GET", **headers: str) -> webob.Response:
    return webob.Request.blank(path, method=method, headers=headers).get_response(app)


@pytest.mark.parametrize(
    ("suffix", "path", "variable", "content_type"),
    [
        (Suffix.FORMAT, "/a/b.xml", "b", "application/xml"),
        (Suffix.FORMAT, "/a/b.foo", "b.foo", "application/json"),
        (Suffix.FORMAT, "/a/b.c.json", "b.c", "application/json"),
        (Suffix.ANY, "/a/b.xml", "b", "application/xml"),
        (Suffix.ANY, "/a/b.foo", "b", "application/json"),
        (Suffix.ANY, "/a/b.c.foo", "b.c", "application/json"),
        (Suffix.NONE, "/a/b.xml", "b.xml", "application/json"),
        (Suffix.NONE, "/a/b.foo", "b.foo", "application/json"),
        (Suffix.NONE, "/a/b", "b", "application/json"),
    ],
)
def test_a_route_says_what_its_suffix_is(
    suffix: Suffix, path: str, variable: str, content_type: str
) -> None:
    app = _app(Route("GET", "/a/{name}", _echo, None, suffix=suffix))
    answer = _call(app, path)
    assert answer.content_type == content_type
    assert f"{variable}</name>" in answer.text or f'"name":"{variable}"' in answer.text


@pytest.mark.parametrize("path", ["/a/.json", "/a/.foo", "/.xml", "/a."])
def test_a_suffix_alone_is_no_path(path: str) -> None:
    mapper = Mapper()
    mapper.add(Route("GET", "/a/{name}", _echo, None, suffix=Suffix.ANY))
    mapper.prepare()
    with pytest.raises(NoRoute):
        mapper.match("GET", path)


def test_a_dead_end_of_literals_leads_back_to_variables() -> None:
    mapper = Mapper()
    mapper.add(
        Route("GET", "/a/b/c", _echo, None),
        Route("GET", "/{x}/b/d", _echo, None),
        Route("GET", "/{x}/{y}/{z}", _echo, None),
    )
    mapper.prepare()
    assert mapper.match("GET", "/a/b/d").variables == {"x": "a"}
    assert mapper.match("GET", "/a/b/e").variables == {"x": "a", "y": "b", "z": "e"}


def test_methods_may_be_kept_quiet_about() -> None:
    mapper = Mapper(answers_head=False, tells_methods=False)
    mapper.under("/v1").add(Route("GET", "/a", _echo, None))
    mapper.prepare()
    for method in ("HEAD", "PUT", "PATCH"):
        with pytest.raises(NoRoute):
            mapper.match(method, "/v1/a")


def test_an_unknown_method_of_a_path_is_told_by_default() -> None:
    mapper = Mapper()
    mapper.add(Route("GET", "/a", _echo, None))
    mapper.prepare()
    with pytest.raises(MethodNotAllowed):
        mapper.match("BREW", "/a.json")


@pytest.mark.parametrize("data", [b"", b" \r\n"])
def test_a_body_may_be_optional(data: bytes) -> None:
    app = _app(Route("POST", "/a", _echo, None, request_schema=OPEN, body_required=False))
    http = webob.Request.blank("/a", method="POST", body=data)
    assert http.get_response(app).json["call"]["body"] == {}


def test_an_open_query_schema_leaves_out_what_it_does_not_name() -> None:
    app = _app(Route("GET", "/a", _echo, None, query_schema=OPEN))
    assert _call(app, "/a?size=3&b=1&b=2").json["call"]["params"] == {"size": 3}
    assert _call(app, "/a?size=x").status_int == 400


def test_a_required_parameter_is_missed() -> None:
    app = _app(Route("GET", "/a", _echo, None, query_schema={**OPEN, "required": ["size"]}))
    assert "size: is missing" in _call(app, "/a").json["error"]["message"]


def test_a_page_without_limit_may_be_smaller_than_the_largest() -> None:
    paged = {"type": "object", "properties": {"limit": {"type": "integer"}}}
    app = _app(Route("GET", "/a", _echo, None, query_schema=paged), max_limit=500, default_limit=20)
    assert _call(app, "/a").json["call"]["limit"] == 20
    assert _call(app, "/a?limit=500").json["call"]["limit"] == 500
    assert _call(app, "/a?limit=501").status_int == 400


def test_a_page_may_be_shorter_than_asked_for() -> None:
    paged = {"type": "object", "properties": {"limit": {"type": "integer"}}}
    route = Route("GET", "/a", _echo, None, query_schema=paged)
    app = _app(route, max_limit=500, shorten_pages=True)
    assert _call(app, "/a?limit=499").json["call"]["limit"] == 499
    assert _call(app, "/a?limit=501").json["call"]["limit"] == 500


def test_a_media_type_may_be_for_answers_alone() -> None:
    mine = {"application/vnd.mine+json": Format.JSON}
    route = Route("POST", "/a", _echo, None, request_schema=OPEN)
    for reads, status in ((True, 200), (False, 415)):
        app = _app(route, dialect=Dialect(aliases=mine, reads_aliases=reads))
        http = webob.Request.blank("/a", method="POST", body=b"{}")
        http.headers["Content-Type"] = "application/vnd.mine+json"
        assert http.get_response(app).status_int == status


def test_a_body_may_have_xml_of_its_own() -> None:
    app = _app(
        Route("GET", "/a", _echo, None), dialect=Dialect(documents={"call": lambda body: b"<own/>"})
    )
    assert _call(app, "/a.xml").body == b"<own/>"
    assert "variables" in _call(app, "/a").json["call"]


@dataclass(frozen=True)
class _Curt(Dialect):
    def write_error(
        self, fault: Fault, environ: Mapping[str, Any], request_id: str, chosen: Format
    ) -> tuple[str, bytes]:
        return "text/plain", f"{environ['PATH_INFO']}: {fault.code}".encode()


def test_errors_may_be_anything() -> None:
    answer = _call(_app(dialect=_Curt()), "/a.xml")
    assert (answer.status_int, answer.content_type) == (404, "text/plain")
    assert answer.text == "/a.xml: not_found"


def test_the_errors_of_other_layers_are_too() -> None:
    def refuses(environ: Any, start_response: Any) -> list[bytes]:
        start_response("401 Unauthorized", [("WWW-Authenticate", "Keystone")])
        return [b"go away"]

    app = ErrorShape(refuses, {401: Fault(401, "no_token", "")}, _Curt())
    answer = _call(app, "/a")
    assert (answer.status_int, answer.text) == (401, "/a: no_token")
    assert answer.headers["WWW-Authenticate"] == "Keystone"
