"""JSON and XML, in both directions."""

from __future__ import annotations

import re

import pytest

from tests.api.serving import JSON, XML, Api

SHELF_XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<shelf>
  <name>Tolstoi &amp; Gogol</name>
  <width>12</width>
  <locked>true</locked>
  <books><item>War</item><book>Peace</book></books>
  <labels><row>3</row><entry key="8 bit">yes</entry></labels>
</shelf>"""


def test_json_goes_in_and_comes_out(api: Api) -> None:
    answer = api.post_json("/shelves", {"shelf": {"name": "a", "books": ["b"], "width": None}})
    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == "application/json"
    shelf = answer.json()["shelf"]
    assert (shelf["name"], shelf["books"], shelf["width"]) == ("a", ["b"], None)
    assert shelf["made_at"] == "2026-10-07T12:30:05Z"


def test_xml_becomes_the_values_that_the_schema_names(api: Api) -> None:
    shelf = api.call("POST", "/shelves", data=SHELF_XML, **XML).json()["shelf"]
    assert shelf["name"] == "Tolstoi & Gogol"
    assert shelf["width"] == 12
    assert shelf["locked"] is True
    assert shelf["books"] == ["War", "Peace"]
    assert shelf["labels"] == {"row": "3", "8 bit": "yes"}


def test_what_comes_out_as_xml_can_go_in_again(api: Api) -> None:
    out = api.call("POST", "/shelves.xml", data=SHELF_XML, **XML)
    assert out.headers["Content-Type"] == "application/xml"
    assert b"<books><book>War</book><book>Peace</book></books>" in out.content
    assert b'<entry key="8 bit">yes</entry>' in out.content
    ours = rb"<(id|project_id|made_at)[ >].*?</\1>|<project_id.*?/>"
    same = re.sub(ours, b"", out.content).replace(b"Gogol", b"Gorki")
    again = api.call("POST", "/shelves", data=same, **XML)
    assert again.status_code == 201, again.text
    assert again.json()["shelf"]["labels"] == {"row": "3", "8 bit": "yes"}


def test_null_is_the_nil_attribute(api: Api) -> None:
    body = b'<shelf><name>n</name><width nil="true"/></shelf>'
    answer = api.call("POST", "/shelves.xml", data=body, **XML)
    assert b'<width nil="true" />' in answer.content


@pytest.mark.parametrize(
    ("path", "accept", "expected"),
    [
        ("/shelves", "*/*", "application/json"),
        ("/shelves", "application/xml", "application/xml"),
        ("/shelves", "application/xml;q=0.1, application/json;q=0.9", "application/json"),
        ("/shelves", "application/xml;q=0.9, application/json;q=0.1", "application/xml"),
        ("/shelves", "text/html", "application/json"),
        ("/shelves", "no such thing;;", "application/json"),
        ("/shelves.json", "application/xml", "application/json"),
        ("/shelves.xml", "application/json", "application/xml"),
    ],
)
def test_the_suffix_wins_then_accept_then_json(
    api: Api, path: str, accept: str, expected: str
) -> None:
    assert api.get(path, Accept=accept).headers["Content-Type"] == expected


@pytest.mark.parametrize(
    ("content_type", "data"),
    [
        ("application/json; charset=iso-8859-1", '{"shelf": {"name": "Zoë"}}'.encode("latin-1")),
        ("application/json; charset=UTF-16", '{"shelf": {"name": "Zoë"}}'.encode("utf-16")),
        ("application/json", b"\xef\xbb\xbf" + '{"shelf": {"name": "Zoë"}}'.encode()),
        (
            "application/xml; charset=iso-8859-1",
            "<shelf><name>Zoë</name></shelf>".encode("latin-1"),
        ),
        (
            "application/xml",
            '<?xml version="1.0" encoding="iso-8859-1"?><shelf><name>Zoë</name></shelf>'.encode(
                "latin-1"
            ),
        ),
    ],
)
def test_the_charset_of_a_body_is_honoured(api: Api, content_type: str, data: bytes) -> None:
    answer = api.call("POST", "/shelves", data=data, Content_Type=content_type)
    assert answer.status_code == 201, answer.text
    assert answer.json()["shelf"]["name"] == "Zoë"
    assert answer.content.decode("utf-8").count("Zoë") == 1


def test_characters_that_xml_cannot_carry_are_replaced(api: Api) -> None:
    api.post_json("/shelves", {"shelf": {"name": "bell\u0007"}})
    assert "<name>bell\ufffd</name>" in api.get("/shelves.xml").content.decode()


def test_head_has_the_headers_of_get_and_no_body(api: Api) -> None:
    got, head = api.get("/shelves"), api.call("HEAD", "/shelves")
    assert head.content == b""
    for name in ("Content-Type", "Content-Length"):
        assert head.headers[name] == got.headers[name]


def test_nothing_to_say_is_said_without_a_body(api: Api) -> None:
    made = api.post_json("/shelves", {"shelf": {"name": "a"}}).json()["shelf"]
    answer = api.call("DELETE", f"/shelves/{made['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Content-Type" not in answer.headers


def test_lists_come_in_pages_linked_by_markers(api: Api) -> None:
    names = {f"shelf {number}" for number in range(5)}
    for name in names:
        assert api.post_json("/shelves", {"shelf": {"name": name}}).status_code == 201
    url, seen, pages = "/shelves?limit=2&locked=false", [], 0
    while url:
        page = api.get(url).json()
        assert len(page["shelves"]) <= 2
        seen += [shelf["name"] for shelf in page["shelves"]]
        url = page["shelves_links"][0]["href"] if "shelves_links" in page else ""
        pages += 1
    assert (set(seen), len(seen), pages) == (names, 5, 3)


def test_an_xml_page_has_its_link_inside_the_collection(api: Api) -> None:
    for name in ("a", "b"):
        api.post_json("/shelves", {"shelf": {"name": name}})
    body = api.get("/shelves.xml?limit=1").content.decode()
    assert body.endswith(" /></shelves>")
    assert f'<link rel="next" href="{api.url}/v1.0/library/shelves.xml?limit=1&amp;marker=' in body


def test_a_filter_that_may_be_repeated_is_a_list(api: Api) -> None:
    for name in ("a", "b", "c"):
        api.post_json("/shelves", {"shelf": {"name": name}})
    found = api.get("/shelves?name=a&name=c").json()["shelves"]
    assert {shelf["name"] for shelf in found} == {"a", "c"}


def test_json_bodies_need_no_charset(api: Api) -> None:
    answer = api.call("POST", "/shelves", data=b'{"shelf": {"name": "a"}}', **JSON)
    assert answer.status_code == 201
