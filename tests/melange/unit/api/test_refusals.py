"""Errors: faults in both formats, and what is told as plain text."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.melange.unit.api.blocks import TENANT, V, call, get

BLOCKS = f"{TENANT}/ip_blocks"


@pytest.mark.parametrize(
    ("kind", "status", "name", "message", "detail", "code"),
    [
        (
            "invalid",
            400,
            "BadRequest",
            "The server could not comply with the request since it is either malformed or"
            " otherwise incorrect.",
            "The following values are invalid: cidr: cidr is invalid; "
            "type: type should be one among x",
            "invalid_values",
        ),
        (
            "absent",
            404,
            "NotFound",
            "The resource could not be found.",
            "IpBlock Not Found",
            "ip_block_not_found",
        ),
        (
            "taken",
            409,
            "Conflict",
            "There was a conflict when trying to complete your request.",
            "Address is already allocated",
            "address_taken",
        ),
        (
            "full",
            422,
            "UnprocessableEntity",
            "Unable to process the contained instructions",
            "IpBlock is full",
            "ip_block_full",
        ),
    ],
)
def test_a_fault_is_the_same_in_json_and_xml(
    kind: str, status: int, name: str, message: str, detail: str, code: str
) -> None:
    answer = get(f"{V}/fail/{kind}")
    assert answer.status_int == status
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    told = {"message": message, "detail": detail, "error_code": code}
    assert answer.json == {name: {"code": status, **told}}

    answer = get(f"{V}/fail/{kind}.xml")
    assert answer.headers["Content-Type"] == "application/xml; charset=UTF-8"
    document = ElementTree.fromstring(answer.body)
    assert (document.tag, document.attrib) == (name, {"code": str(status)})
    assert {child.tag: child.text for child in document} == told


@pytest.mark.parametrize(
    ("kind", "status", "name", "code"),
    [
        ("unauthorized", 401, "Unauthorized", "unauthorized"),
        ("large", 413, "RequestEntityTooLarge", "body_too_large"),
        ("away", 503, "ServiceUnavailable", "unavailable"),
        ("defect", 500, "InternalServerError", "internal_error"),
    ],
)
def test_other_statuses_have_the_same_shape(kind: str, status: int, name: str, code: str) -> None:
    answer = get(f"{V}/fail/{kind}")
    assert answer.status_int == status
    fault = answer.json[name]
    assert set(fault) == {"code", "message", "detail", "error_code"}
    assert (fault["code"], fault["error_code"]) == (status, code)


def test_a_defect_tells_nothing_of_itself() -> None:
    assert "hunter2" not in get(f"{V}/fail/defect").text


def test_what_policy_denies_is_told_as_text() -> None:
    answer = get(f"{V}/fail/denied.xml")
    assert (answer.status_int, answer.content_type) == (403, "text/plain")
    assert answer.text == "User with tenant id None cannot access this resource"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("GET", "/v0.1"),
        ("GET", "/v0.1/"),
        ("GET", f"{BLOCKS}/"),
        ("GET", f"{BLOCKS}/b1/c2/d3"),
        ("PATCH", f"{BLOCKS}/b1"),
        ("PUT", BLOCKS),
        ("POST", f"{BLOCKS}/b1/ip_addresses/10.0.0.1"),
        ("HEAD", BLOCKS),
    ],
)
def test_no_route_is_a_plain_404(method: str, path: str) -> None:
    answer = call(method, path, accept="application/json")
    assert answer.status_int == 404
    assert answer.headers["Content-Type"] == "text/plain; charset=UTF-8"
    assert ("The resource could not be found." in answer.text) == (method != "HEAD")


def test_a_browser_gets_its_404_as_html() -> None:
    answer = get("/nowhere", accept="text/html,application/xml;q=0.9,*/*;q=0.8")
    assert (answer.status_int, answer.content_type) == (404, "text/html")
    assert "<title>404 Not Found</title>" in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{BLOCKS}/new"),
        ("GET", f"{BLOCKS}/b1/edit"),
        ("PUT", f"{BLOCKS}/b1"),
        ("GET", f"{V}/ipam/interfaces"),
        ("GET", f"{V}/ipam/interfaces/vif"),
        ("POST", f"{V}/extensions"),
    ],
)
def test_an_action_that_a_resource_lacks_is_a_fault_without_detail(method: str, path: str) -> None:
    answer = call(method, path)
    assert answer.status_int == 404
    assert answer.json["NotFound"]["detail"] is None
    assert answer.json["NotFound"]["error_code"] == "action_not_implemented"
    document = ElementTree.fromstring(call(method, f"{path}.xml").body)
    assert document.findtext("detail") == "None"
