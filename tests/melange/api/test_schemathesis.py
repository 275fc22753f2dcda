"""Every call of the API is asked all sorts of things; it answers what its OpenAPI document says.

Of what schemathesis makes up, some is replaced by what there is, so that calls succeed too.
"""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import webob
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from melange.api.routes import ROWS
from melange.api.row import Row
from tests.melange.service import Service, service

# The more, the more is found, in a linear time: some hundreds by hand, now and then.
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "8"))
JSON = "application/json"
Values = dict[str, list[Any]]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# By the names of fields, of query parameters and of variables in paths.
PLAUSIBLE: Values = {
    "cidr": ["10.9.0.0/28", "10.8.1.0/24", "/27", "aa:bb:cc:00:00:00/40", "fd00:9::/64"],
    "prefix": [None, 26, 28],
    "type": ["private", "private", "public"],
    "address": ["10.0.0.5", "10.0.0.5", "10.0.0.5", "10.0.0.7", None],
    "ip_address": ["10.0.0.5", "10.0.0.6", "10.0.0.99"],
    "addresses": [None, [], ["10.0.0.20"], ["10.0.0.21", "fd00::21"]],
    "mac_address": [None, "02:00:00:00:00:01", "0200.0000.0002"],
    "device_id": ["device", "other-device"],
    "count": [None, None, 1, 3, 1024],
    "offset": [0, -4, "3", 2**70],
    "length": [1, 300, -1, 2**70],
    "octet": [5, 255, "5", 2**70],
    "number": [None, None, 6, 300],
    "name": ["ntp", "domain_name"],
    "value": ["10.0.0.1"],
    "destination": ["10.1.0.0"],
    "gateway": ["10.0.0.1", None],
    "dns1": ["10.0.0.3", None],
    "url": ["https://example.net/hook"],
    "secret": [None, "whsec_" + "c2VjcmV0" * 8],
    "events": [[], ["ip_block.create"]],
    "ipv4_generator": [None, "random"],
    "ipv6_generator": [None, "rfc2462"],
    "keep_deallocated_ips_for_days": [None, 1, -1],
    "marker": ["0", "5", "zzz"],
    "contains": ["10.0.0.3"],
    "within": ["10.0.0.0/8"],
    "since": ["2026-01-31T12:00:00Z"],
    "tag": ["blue", "a.b"],
    "tags": [None, ["red"]],
    "alias": ["tags"],
}
ROUTE = {"destination": "10.1.0.0", "netmask": "255.255.0.0", "gateway": "10.0.0.1"}
HOOK = {"webhook": {"url": "https://example.net/all"}}
OPTION = {"name": "mtu", "value": "1400"}


class Seeds:
    """A tenant with one of everything, and what leads to it. What is known to all tenants, as
    names of networks and interfaces are, is its own too.
    """

    def __init__(self, melange: Service, number: int) -> None:
        self._melange = melange
        tenant, net, vif = f"tenant-{number}", f"net-{number}", f"vif-{number}"
        self._tenant, outside = f"/tenants/{tenant}", f"198.18.{number}.2"
        block = self._block("10.0.0.0/24", network_id=net)
        six, parent = self._block("fd00::/64", network_id=net), self._block("10.8.0.0/16")
        public = self._block(f"198.18.{number}.0/24", type="public")
        policy = self._make("policies", "policy", name="policy")
        self._make(f"ip_blocks/{parent}/subnets", "subnet", prefix=24)
        in_block, in_policy = f"ip_blocks/{block}", f"policies/{policy}/unusable"
        for interface, address in ((vif, "10.0.0.5"), (f"other-{vif}", "10.0.0.6")):
            fields = {"interface_id": interface, "used_by_device": "device", "address": address}
            self._make(f"{in_block}/ip_addresses", "ip_address", **fields)
        macs = {"mac_address_range": {"cidr": f"fa:16:{number:02x}:00:00:00/24"}}
        vifs = [vif, f"other-{vif}", f"new-{vif}"]
        self.values: Values = {
            **PLAUSIBLE,
            "tenant_id": [tenant],
            "block_id": [block, block, six, parent, public],
            "ip_block_id": [block, public],
            "network_id": [net],
            "id": [net],
            "vif_id": vifs,
            "interface_id": vifs,
            "virtual_interface_id": vifs,
            "policy_id": [policy],
            "other": [outside],
            "floating_ip_id": [self._make("floating_ips", "floating_ip", address=outside)],
            "route_id": [self._make(f"{in_block}/ip_routes", "ip_route", **ROUTE)],
            "option_id": [self._make(f"{in_block}/dhcp_options", "dhcp_option", **OPTION)],
            "ip_range_id": [self._make(f"{in_policy}_ip_ranges", "ip_range", offset=9, length=2)],
            "ip_octet_id": [self._make(f"{in_policy}_ip_octets", "ip_octet", octet=77)],
            "webhook_id": [
                self._make("webhooks", "webhook", url="https://example.net/"),
                melange.ok("POST", "/webhooks", HOOK)["webhook"]["id"],
            ],
            "mac_address_range_id": [
                melange.ok("POST", "/mac_address_ranges", macs)["mac_address_range"]["id"]
            ],
        }

    def _block(self, cidr: str, **fields: str) -> str:
        return self._make("ip_blocks", "ip_block", **{"type": "private", "cidr": cidr, **fields})

    def _make(self, path: str, root: str, **fields: Any) -> str:
        made = self._melange.ok("POST", f"{self._tenant}/{path}", {root: fields})
        return str(made[root]["id"])


def closed(document: dict[str, Any]) -> dict[str, Any]:
    """The document, but objects have only the members that it names."""
    open_ended = {"Explanation"}
    for name, schema in document["components"]["schemas"].items():
        if name not in open_ended:
            schema["additionalProperties"] = False
    return document


@pytest.fixture(scope="module")
def melange(tmp_path_factory: pytest.TempPathFactory) -> Service:
    return service(Path(tmp_path_factory.mktemp("schemathesis")))


@pytest.fixture(scope="module")
def api(melange: Service) -> schemathesis.BaseSchema:
    document = json.loads(webob.Request.blank("/v0.1/openapi.json").get_response(melange.app).body)
    found = schemathesis.openapi.from_dict(closed(document))
    found.app, found.location = melange.app, "/v0.1/openapi.json"
    return found


def mostly(draw: st.DrawFn) -> bool:
    return draw(st.integers(0, 4)) > 0


def sensible(draw: st.DrawFn, name: str, schema: dict[str, Any], values: Values) -> Any:
    """Something plausible for a field of this name and schema."""
    if name in values:
        return draw(st.sampled_from(values[name]))
    if "properties" in schema:
        wanted = [field for field in schema["properties"] if mostly(draw)]
        return {one: sensible(draw, one, schema["properties"][one], values) for one in wanted}
    if "items" in schema:
        return [sensible(draw, name, schema["items"], values) for _ in range(2)]
    return None


@st.composite
def cases(draw: st.DrawFn, operation: Any, row: Row, values: Values) -> schemathesis.Case[Any]:
    """What schemathesis asks; parts of it, one or the other, are replaced."""
    case: schemathesis.Case[Any] = draw(operation.as_strategy())
    for part in (case.path_parameters, case.query):
        for name in part or ():
            if name in values and mostly(draw):
                part[name] = draw(st.sampled_from(values[name]))
    if row.body is not None and case.media_type == JSON and mostly(draw):
        root = draw(st.sampled_from(list(row.body["properties"])))
        inner = row.body["properties"][root]
        case.body = {root: sensible(draw, root, inner, values)}
    if mostly(draw):
        for name in ("If-Match", "If-None-Match", "Idempotency-Key"):
            case.headers.pop(name, None)
    return case


numbers = itertools.count()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
def test_every_answer_is_one_that_the_document_tells_of(
    row: Row, melange: Service, api: schemathesis.BaseSchema
) -> None:
    values = Seeds(melange, next(numbers)).values
    statuses: list[int] = []

    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(api[row.path][row.method], row, values))
    def ask(case: schemathesis.Case[Any]) -> None:
        statuses.append(case.call_and_validate(checks=CHECKS).status_code)

    ask()
