"""Rubbish: each gets a clear refusal in the one error shape, and changes nothing."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
import requests

from tests.api.serving import JSON, XML, Api

BILLION_LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE shelf [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>
<shelf><name>&c;</name></shelf>"""
EXTERNAL_ENTITY = b"""<?xml version="1.0"?>
<!DOCTYPE shelf [<!ENTITY x SYSTEM "file:///etc/passwd">]><shelf><name>&x;</name></shelf>"""


def refusal(answer: requests.Response, status: int, code: str) -> dict[str, Any]:
    """The error of an answer, after checking what all errors have in common."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    error = answer.json()["error"]
    assert set(error) == {"code", "status", "message", "field", "value", "request_id"}
    assert (error["status"], error["code"]) == (status, code)
    assert error["request_id"] == answer.headers["X-Openstack-Request-Id"]
    assert isinstance(error, dict)
    return error


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the body is empty; POST /v1.0/library/shelves needs one"),
        (b"  \n ", "the body is empty"),
        (b'{"shelf": {"name": "a",}}', "line 1, column 24"),
        (b'{"shelf":\n {"name"', "line 2, column 9"),
        (b'{"shelf": {"name": "a", "name": "b"}}', "the key 'name' occurs twice"),
        (b'{"shelf": {"name": "a", "width": NaN}}', "NaN is not JSON"),
        (b'{"shelf": {"name": "a", "width": -Infinity}}', "-Infinity is not JSON"),
        (b'{"shelf": {"name": "a", "width": 1e999}}', "a number too large"),
        (b'{"shelf": {"width": ' + b"9" * 5000 + b"}}", "too many digits"),
        (b'{"shelf": {"name": "a\\u0000b"}}', "U+0000"),
        (b'{"shelf": {"name": "\\ud800"}}', "U+D800"),
        (b'{"shelf": {"name": "\xff\xfe"}}', "byte 20 cannot be decoded"),
        (b"[" * 100_000, "deeper than 32 levels"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "deeper than 32 levels"),
    ],
)
def test_broken_json(api: Api, data: bytes, message: str) -> None:
    answer = api.call("POST", "/shelves", data=data, **JSON)
    assert message in refusal(answer, 400, "malformed_body")["message"]
    assert not api.shelves.rows


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<shelf><name>a</shelf>", "mismatched tag at line 1, column 17"),
        (b"<shelf>\n<name>", "line 2"),
        (b"not xml", "syntax error at line 1, column 1"),
        (b"<shelf><name>\xff</name></shelf>", "invalid token"),
        (b"<shelf><name>&#0;</name></shelf>", "line 1"),
        (b"<shelf><name>a</name><name>b</name></shelf>", "'name' occurs twice in <shelf>"),
        (b"<shelf><name size='1'>a</name></shelf>", "the attribute 'size' of <name>"),
        (b"<shelf>text<name>a</name></shelf>", "'text' beside its elements"),
        (b"<a>" * 100_000, "deeper than 32 levels"),
        (b'<?xml version="1.0" encoding="no-such"?><shelf/>', "not XML"),
        (b'<?xml version="1.0" encoding="utf-7"?><shelf/>', "not XML"),
        (BILLION_LAUGHS, "a DTD or an entity declaration"),
        (EXTERNAL_ENTITY, "a DTD or an entity declaration"),
        (b"<!DOCTYPE shelf><shelf><name>a</name></shelf>", "a DTD"),
    ],
)
def test_broken_and_hostile_xml(api: Api, data: bytes, message: str) -> None:
    answer = api.call("POST", "/shelves", data=data, **XML)
    assert message in refusal(answer, 400, "malformed_body")["message"]
    assert not api.shelves.rows


@pytest.mark.parametrize(
    ("shelf", "field", "message"),
    [
        ({}, "shelf.name", "shelf.name: is missing; it is required"),
        ({"name": 5}, "shelf.name", "shelf.name: 5 is not a string"),
        ({"name": ""}, "shelf.name", "'' has 0 characters; at least 1"),
        ({"name": None}, "shelf.name", "null is not a string"),
        ({"name": "a", "width": 0}, "shelf.width", "0 is smaller than the least allowed, 1"),
        ({"name": "a", "width": 4095}, "shelf.width", "4095 is larger than the most allowed, 4094"),
        ({"name": "a", "width": "5"}, "shelf.width", "'5' is not an integer or null"),
        ({"name": "a", "width": 5.0}, "shelf.width", "5.0 is not an integer or null"),
        ({"name": "a", "width": True}, "shelf.width", "true is not an integer or null"),
        ({"name": "a", "books": ["b", 1]}, "shelf.books[1]", "1 is not a string"),
        ({"name": "a", "books": ["b"] * 4}, "shelf.books", "has 4 entries; at most 3"),
        (
            {"name": "a", "address": "10.0.0.256"},
            "shelf.address",
            "'10.0.0.256' is not an IPv4 or IPv6 address such as 192.0.2.10 or 2001:db8::10",
        ),
        (
            {"name": "a", "colour": "red"},
            "shelf.colour",
            "'colour' is not known here; known are: address, books, labels, locked, name, width",
        ),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(
    api: Api, shelf: dict[str, Any], field: str, message: str
) -> None:
    error = refusal(api.post_json("/shelves", {"shelf": shelf}), 400, "invalid_request")
    assert error["field"] == field
    assert message in error["message"]
    assert not api.shelves.rows


@pytest.mark.parametrize("body", [[], "shelf", None, 5, {}, {"shelves": []}])
def test_a_body_of_another_shape(api: Api, body: Any) -> None:
    answer = api.call("POST", "/shelves", data=json.dumps(body), **JSON)
    refusal(answer, 400, "invalid_request")


def test_every_mistake_is_told_at_once_in_order(api: Api) -> None:
    error = refusal(
        api.post_json("/shelves", {"shelf": {"width": "x", "books": 1, "address": "y"}}),
        400,
        "invalid_request",
    )
    places = [sentence.split(":")[0] for sentence in error["message"].split("; shelf.")]
    assert places == ["shelf.address", "books", "name", "width"]


def test_a_long_value_is_shown_shortened(api: Api) -> None:
    error = refusal(
        api.post_json("/shelves", {"shelf": {"name": "x" * 100_000}}), 400, "invalid_request"
    )
    assert len(error["message"]) < 300
    assert len(error["value"]) < 150


def test_mistakes_in_xml_are_told_like_those_in_json(api: Api) -> None:
    body = b"<shelf><name>a</name><width>wide</width><locked>maybe</locked></shelf>"
    error = refusal(api.call("POST", "/shelves", data=body, **XML), 400, "invalid_request")
    assert "shelf.width: 'wide' is not an integer or null" in error["message"]
    assert "shelf.locked: 'maybe' is not true or false" in error["message"]


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "rubbish", "application/json; charset=zip"],
)
def test_other_content_types_are_not_read(api: Api, content_type: str) -> None:
    data = b'{"shelf": {"name": "a"}}'
    answer = api.call("POST", "/shelves", data=data, Content_Type=content_type)
    refusal(answer, 415, "unsupported_media_type")


class Announced:
    """A body of which only the length is sent: a server that refuses it does not wait for it."""

    def __init__(self, size: int) -> None:
        self._size = size

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        return iter(())


def test_a_body_that_is_too_large(api: Api) -> None:
    answer = api.call("POST", "/shelves", data=Announced(2 * 1024 * 1024), **JSON)
    error = refusal(answer, 413, "body_too_large")
    assert error["field"] == "body"
    assert "1048576 bytes" in error["message"] and "max_request_body_size" in error["message"]


def test_a_body_that_is_too_large_is_refused_as_xml_where_xml_is_asked_for(api: Api) -> None:
    for path, headers in (("/shelves.xml", {}), ("/shelves", {"Accept": "application/xml"})):
        answer = api.call("POST", path, data=Announced(2 * 1024 * 1024), **JSON, **headers)
        assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/xml")
        error = ElementTree.fromstring(answer.content)
        assert error.findtext("code") == "body_too_large"
        assert error.findtext("request_id") == answer.headers["X-Openstack-Request-Id"]


def test_a_content_length_that_is_no_number(api: Api) -> None:
    answer = api.get("/shelves", Content_Length="many")
    error = refusal(answer, 400, "invalid_content_length")
    assert (error["field"], error["value"]) == ("Content-Length", "many")


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ("?colour=red", "colour", "'colour' is not known here; known are: limit, locked, marker"),
        ("?limit=0", "limit", "0 is smaller than the least allowed, 1"),
        ("?limit=-1", "limit", "-1 is smaller"),
        ("?limit=many", "limit", "'many' is not an integer"),
        ("?limit=1001", "limit", "1001 is too large; give 1 to 1000"),
        ("?limit=", "limit", "'' is not an integer"),
        ("?limit=1&limit=2", "limit", "is given twice; give it once"),
        ("?locked=maybe", "locked", "'maybe' is not true or false"),
        ("?marker=", "marker", "at least 1"),
    ],
)
def test_wrong_query_parameters(api: Api, query: str, field: str, message: str) -> None:
    error = refusal(api.get(f"/shelves{query}"), 400, "invalid_request")
    assert error["field"] == field
    assert message in error["message"]


@pytest.mark.parametrize(
    "path", ["/shelves?marker=%00", "/shelves?marker=%ff", "/%00", "/%ff", "/%0a"]
)
def test_characters_that_belong_into_no_url(api: Api, path: str) -> None:
    assert api.get(path).status_code == 400


def test_an_unknown_path(api: Api) -> None:
    error = refusal(api.get("/chairs"), 404, "not_found")
    assert error["message"] == "there is nothing at /v1.0/library/chairs"


def test_an_unknown_service(api: Api) -> None:
    refusal(api.get(f"{api.url}/v1.0/laundry/shelves"), 404, "not_found")


def test_a_method_that_a_path_does_not_have(api: Api) -> None:
    answer = api.call("PATCH", "/shelves")
    error = refusal(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD, POST"
    assert "'PATCH'" in error["message"]


def test_an_unknown_id_names_the_id(api: Api) -> None:
    error = refusal(api.get("/shelves/42"), 404, "shelf_not_found")
    assert (error["field"], error["value"]) == ("shelf_id", "42")
    assert error["message"] == "shelf '42' does not exist"


def test_a_conflict_names_what_is_taken(api: Api) -> None:
    api.post_json("/shelves", {"shelf": {"name": "a"}})
    error = refusal(api.post_json("/shelves", {"shelf": {"name": "a"}}), 409, "shelf_exists")
    assert (error["field"], error["value"]) == ("shelf.name", "a")


def test_an_error_as_xml_has_the_same_fields(api: Api) -> None:
    answer = api.get("/shelves/42.xml")
    assert answer.status_code == 404
    assert (
        b"<error><code>shelf_not_found</code><status>404</status>"
        b"<message>shelf '42' does not exist</message><field>shelf_id</field><value>42</value>"
    ) in answer.content


def test_a_defect_tells_nothing_but_its_request_id(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    answer = api.get("/defect")
    error = refusal(answer, 500, "internal_error")
    assert "hunter2" not in answer.text and "RuntimeError" not in answer.text
    logged = next(r for r in caplog.records if r.exc_info and error["request_id"] in r.getMessage())
    assert logged.exc_info and "hunter2" in str(logged.exc_info[1])


def test_random_bytes_never_break_the_server(api: Api) -> None:
    dice = random.Random(20110311)
    pieces = [b'{"shelf"', b":", b"{", b"[", b'"name"', b"<shelf>", b"</", b"<", b"&x;", b"1e9"]
    for number in range(300):
        parts = [dice.choice([*pieces, dice.randbytes(3)]) for _ in range(dice.randint(1, 30))]
        answer = api.call("POST", "/shelves", data=b"".join(parts), **(XML if number % 2 else JSON))
        assert answer.status_code == 400, (parts, answer.text)
