"""An API in the shape of Melange v0.1 with handlers of a few lines, to be called in process."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import webob

from melange.api import extensions, versions
from melange.api.dialect import DIALECT
from melange.api.faults import error_table
from melange.api.row import Handler, Row, body, fields, list_query, routes
from melange.errors import BlockFull, DuplicateAddress, Invalid, IpBlockNotFound
from netkit.errors import BodyTooLarge, Unauthorized, Unavailable
from netkit.policy import PolicyDenied
from netkit.wsgi import Mapper, Request, Result
from netkit.wsgi.dispatch import Dispatcher

MADE = datetime(2026, 11, 21, 10, 54, 32, 123)
BLOCKS = "/ipam/tenants/{tenant_id}/ip_blocks"
SCHEMA = body("ip_block", {"cidr": {"type": "string"}, "gateway": {"type": ["string", "null"]}})
IDS = [f"{number:04}" for number in range(250)]
FAILURES: Mapping[str, Exception] = {
    "invalid": Invalid({"cidr": ["cidr is invalid"], "type": ["type should be one among x"]}),
    "absent": IpBlockNotFound("b1"),
    "taken": DuplicateAddress(),
    "full": BlockFull(),
    "unauthorized": Unauthorized(),
    "denied": PolicyDenied(value="ip_blocks:list", roles="", project=""),
    "large": BodyTooLarge(limit=5),
    "away": Unavailable(value="the database"),
    "defect": RuntimeError("password hunter2"),
}


def _list(request: Request, tenant_id: str) -> Result:
    page = request.page
    ids = [i for i in IDS if page.marker is None or i > page.marker][: page.limit + 1]
    return 200, page.collection("ip_blocks", [{"id": i} for i in ids])


def _create(request: Request, tenant_id: str) -> Result:
    return 201, {"ip_block": {"tenant_id": tenant_id, "given": fields(request, "ip_block")}}


def _show(request: Request, **variables: str) -> Result:
    return 200, {"ip_block": {**variables, "gateway": None, "created_at": MADE}}


def _policies(request: Request) -> Result:
    return 200, {"policies": [{"name": "p"}], "ip_addresses": []}


def _addresses(request: Request, **variables: str) -> Result:
    return 200, {"ip_addresses": [{"address": "10.0.0.1", "seen_at": MADE}]}


def _nothing(request: Request, **variables: str) -> Result:
    return 200, None


def _fail(request: Request, kind: str) -> Result:
    raise FAILURES[kind]


ROWS = [
    Row("GET", BLOCKS, _list, "ip_blocks:list", query=list_query()),
    Row("POST", BLOCKS, _create, "ip_blocks:create", body=SCHEMA),
    Row("GET", BLOCKS + "/{ip_block_id}", _show, "ip_blocks:show"),
    Row("DELETE", BLOCKS + "/{ip_block_id}", _nothing, "ip_blocks:delete"),
    Row("GET", BLOCKS + "/{ip_block_id}/ip_addresses", _addresses, None, kind="C"),
    Row("GET", BLOCKS + "/{ip_block_id}/ip_addresses/{address}", _show, None, kind="C"),
    Row("PUT", BLOCKS + "/{ip_block_id}/ip_addresses/{address}/restore", _nothing, None, kind="C"),
    Row("POST", "/ipam/interfaces", _nothing, None),
    Row("DELETE", "/ipam/interfaces/{vif_id}", _nothing, None, kind="C"),
    Row("GET", "/allowed_ips/{address}", _show, None, kind="A"),
    Row("GET", "/fail/{kind}", _fail, None, kind="C"),
]


def _bare(row: Row) -> Handler:
    return row.handler


def _with_unit(row: Row) -> Handler:
    return lambda request, **variables: row.handler(request, None, **variables)


def application() -> versions.VersionByMediaType:
    mapper = Mapper(answers_head=False, tells_methods=False)
    mapper.add(*versions.ROUTES)
    below = mapper.under("/v0.1")
    below.add(*routes(ROWS, _bare), *routes(extensions.ROUTES, _with_unit))
    dispatcher = Dispatcher(
        mapper,
        lambda context, rule, target: None,
        errors=error_table(),
        dialect=DIALECT,
        default_limit=200,
    )
    return versions.VersionByMediaType(dispatcher)


APP = application()
V = "/v0.1"
TENANT = f"{V}/ipam/tenants/t1"


def call(
    method: str, path: str, data: bytes = b"", content_type: str | None = None, accept: str = ""
) -> webob.Response:
    http = webob.Request.blank(path, method=method, base_url="http://ipam:9898")
    if data:
        http.body = data
    if content_type is not None:
        http.headers["Content-Type"] = content_type
    if accept:
        http.headers["Accept"] = accept
    return http.get_response(APP)


def get(path: str, accept: str = "") -> webob.Response:
    return call("GET", path, accept=accept)


def given(answer: webob.Response) -> Any:
    """The fields that the handler of a POST got."""
    assert answer.status_int == 201, answer.text
    return answer.json["ip_block"]["given"]
