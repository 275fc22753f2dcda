"""What a request may look like: formats, suffixes, bodies, versions."""

from __future__ import annotations

import pytest

from tests.melange.unit.api.blocks import TENANT, V, call, get, given

JSON, XML = "application/json", "application/xml"
VENDOR = "application/vnd.openstack.melange"
BLOCKS = f"{TENANT}/ip_blocks"


@pytest.mark.parametrize(
    ("path", "accept", "expected"),
    [
        ("", "", JSON),
        ("", "*/*", JSON),
        ("", "text/html", JSON),
        ("", "no such thing;;", JSON),
        ("", XML, XML),
        ("", f"{XML};q=0.2, {JSON};q=0.8", JSON),
        ("", f"{XML};q=0.8, {JSON};q=0.2", XML),
        ("", VENDOR, JSON),
        ("", f"{VENDOR}+xml", XML),
        ("", f"{VENDOR}+xml;version=0.1", XML),
        ("", f"{VENDOR}+json;version=0.1", JSON),
        ("", f"{VENDOR}+xml;version=99.9", XML),
        (".json", XML, JSON),
        (".xml", JSON, XML),
    ],
)
def test_the_suffix_wins_then_accept_then_json(path: str, accept: str, expected: str) -> None:
    answer = get(BLOCKS + path, accept)
    assert answer.status_int == 200
    assert answer.content_type == expected


def test_a_rest_resource_swallows_any_suffix() -> None:
    assert get(f"{BLOCKS}.foo").content_type == JSON
    assert get(f"{BLOCKS}/b1.foo").json["ip_block"]["ip_block_id"] == "b1"
    assert b"<ip_block_id>b1</ip_block_id>" in get(f"{BLOCKS}/b1.xml").body


def test_an_explicit_route_takes_two_suffixes_and_no_other() -> None:
    addresses = f"{BLOCKS}/b1/ip_addresses"
    assert get(f"{addresses}.xml").content_type == XML
    assert get(f"{addresses}.json").content_type == JSON
    unknown = get(f"{addresses}.foo")
    assert (unknown.status_int, unknown.content_type) == (404, "text/plain")


@pytest.mark.parametrize("suffix", ["", ".json", ".xml"])
def test_an_address_in_a_path_has_dots_of_its_own(suffix: str) -> None:
    answer = get(f"{BLOCKS}/b1/ip_addresses/10.0.0.1{suffix}")
    assert "10.0.0.1" in answer.text and "10.0.0.1." not in answer.text


@pytest.mark.parametrize("suffix", ["", ".json", ".xml", ".foo"])
def test_an_allowed_address_takes_no_suffix_at_all(suffix: str) -> None:
    answer = get(f"{V}/allowed_ips/10.0.0.1{suffix}")
    assert answer.content_type == JSON
    assert answer.json["ip_block"]["address"] == f"10.0.0.1{suffix}"


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b'{"ip_block": {"cidr": "10.0.0.0/8", "colour": 5}}', JSON),
        (b"<ip_block><cidr>10.0.0.0/8</cidr><colour>5</colour></ip_block>", XML),
        (b'<ip_block cidr="10.0.0.0/8"><colour>5</colour></ip_block>', XML),
    ],
)
def test_known_fields_are_read_and_unknown_ones_do_no_harm(data: bytes, content_type: str) -> None:
    fields = given(call("POST", BLOCKS, data, content_type))
    assert fields.pop("cidr") == "10.0.0.0/8"
    assert [str(value) for value in fields.values()] == ["5"]


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"", None),
        (b"", JSON),
        (b" \n", JSON),
        (b"{}", JSON),
        (b'{"policy": {"cidr": "10.0.0.0/8"}}', JSON),
        (b'{"ip_block": {}}', JSON),
        (b"<policy><cidr>10.0.0.0/8</cidr></policy>", XML),
        (b"<ip_block/>", XML),
    ],
)
def test_no_body_or_another_root_is_no_parameters(data: bytes, content_type: str | None) -> None:
    assert given(call("POST", BLOCKS, data, content_type)) == {}


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("content_type", ["text/plain", "", f"{VENDOR}+json"])
def test_other_content_types_are_refused_as_text(method: str, content_type: str) -> None:
    path = BLOCKS if method == "POST" else f"{BLOCKS}/b1"
    answer = call(method, path, b'{"ip_block": {}}', content_type, accept=XML)
    assert (answer.status_int, answer.content_type) == (415, "text/plain")
    assert answer.text.startswith("Unsupported Content-Type")


@pytest.mark.parametrize(("data", "content_type"), [(b'{"ip_block', JSON), (b"<ip_block", XML)])
def test_a_malformed_body_is_refused_as_text(data: bytes, content_type: str) -> None:
    answer = call("POST", BLOCKS, data, content_type)
    assert (answer.status_int, answer.content_type) == (400, "text/plain")
    assert answer.text.startswith("Malformed request body\nthe body is not ")


@pytest.mark.parametrize(
    "data", [b"[]", b'"ip_block"', b"null", b'{"ip_block": null}', b'{"ip_block": "x"}']
)
def test_a_body_of_another_shape_is_a_bad_request(data: bytes) -> None:
    answer = call("POST", BLOCKS, data, JSON)
    assert answer.status_int == 400
    assert answer.json["BadRequest"]["error_code"] == "invalid_request"
    assert answer.json["BadRequest"]["detail"].startswith("The following values are invalid: ")


@pytest.mark.parametrize("accept", [f"{VENDOR};version=0.1", f"x/y, {VENDOR}+xml;version=0.1"])
def test_a_media_type_leads_to_its_version(accept: str) -> None:
    answer = get("/ipam/tenants/t1/ip_blocks/b1", accept)
    assert answer.status_int == 200
    assert answer.content_type == (XML if "xml" in accept else JSON)


def test_an_unsupported_version_is_not_acceptable() -> None:
    answer = get("/ipam/tenants/t1/ip_blocks", f"{VENDOR};version=2.0")
    assert answer.status_int == 406
    assert answer.json["NotAcceptable"]["detail"] == "version not supported"
    answer = get("/ipam/tenants/t1/ip_blocks", f"{VENDOR}+xml;version=2.0")
    assert answer.text.startswith('<NotAcceptable code="406">')


def test_the_first_custom_media_type_counts() -> None:
    both = f"{VENDOR};version=2.0, {VENDOR};version=0.1"
    assert get("/ipam/tenants/t1/ip_blocks", both).status_int == 406


@pytest.mark.parametrize(
    "accept", ["", VENDOR, f"{VENDOR};version=new", f"{JSON};version=0.1", f"{JSON};version=2.0"]
)
def test_without_a_version_only_the_path_counts(accept: str) -> None:
    assert get("/ipam/tenants/t1/ip_blocks", accept).status_int == 404
    assert get("/", accept).json["versions"][0]["name"] == "v0.1"


def test_a_versioned_path_does_not_ask_the_header() -> None:
    assert get(BLOCKS, f"{VENDOR};version=2.0").status_int == 200
