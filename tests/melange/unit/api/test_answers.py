"""What answers look like: JSON, XML, pages, the versions and the extensions."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
import webob

from melange.api.dialect import DIALECT
from netkit.wsgi.dialect import Format
from tests.melange.unit.api.blocks import IDS, TENANT, V, call, get

BLOCKS = f"{TENANT}/ip_blocks"
XML = "application/xml"


def test_json_has_null_and_times_to_the_second() -> None:
    block = get(f"{BLOCKS}/b1").json["ip_block"]
    assert block["gateway"] is None
    assert block["created_at"] == "2026-11-21T10:54:32"


def test_xml_is_indented_without_declaration() -> None:
    answer = get(f"{BLOCKS}/b1.xml")
    assert answer.headers["Content-Type"] == XML
    assert answer.text == (
        "<ip_block>\n"
        "    <tenant_id>t1</tenant_id>\n"
        "    <ip_block_id>b1</ip_block_id>\n"
        "    <gateway>None</gateway>\n"
        "    <created_at>2026-11-21 10:54:32.000123</created_at>\n"
        "</ip_block>"
    )


@pytest.mark.parametrize(
    ("collection", "element"),
    [
        ("ip_blocks", "ip_block"),
        ("mac_address_ranges", "mac_address_range"),
        ("ip_addresses", "ip_addresse"),
        ("policies", "policie"),
    ],
)
def test_an_entry_is_its_collection_without_the_last_s(collection: str, element: str) -> None:
    document = DIALECT.write({collection: [{"id": "x"}]}, Format.XML)
    assert [child.tag for child in ElementTree.fromstring(document)] == [element]


def test_an_empty_collection_is_an_empty_element() -> None:
    assert list(ElementTree.fromstring(DIALECT.write({"ip_addresses": []}, Format.XML))) == []


@pytest.mark.parametrize(("suffix", "expected"), [("", "application/json"), (".xml", XML)])
def test_an_empty_answer_has_the_negotiated_content_type(suffix: str, expected: str) -> None:
    for answer in (
        call("DELETE", f"{BLOCKS}/b1{suffix}"),
        call("PUT", f"{BLOCKS}/b1/ip_addresses/10.0.0.1/restore{suffix}"),
    ):
        assert (answer.status_int, answer.body) == (200, b"")
        assert answer.headers["Content-Type"] == expected
        assert answer.headers["Content-Length"] == "0"


def _ids(answer: webob.Response) -> list[str]:
    return [block["id"] for block in answer.json["ip_blocks"]]


def test_a_page_has_200_rows_and_links_to_the_next_by_its_last_id() -> None:
    first = get(f"{BLOCKS}?type=private")
    assert _ids(first) == IDS[:200]
    [link] = first.json["ip_blocks_links"]
    assert link["rel"] == "next"
    assert link["href"] == f"http://ipam:9898{BLOCKS}?type=private&marker={IDS[199]}"
    last = get(link["href"].removeprefix("http://ipam:9898"))
    assert _ids(last) == IDS[200:]
    assert "ip_blocks_links" not in last.json


def test_a_link_keeps_the_suffix_and_the_limit() -> None:
    document = ElementTree.fromstring(get(f"{BLOCKS}.xml?limit=2&marker={IDS[3]}").body)
    assert [child.tag for child in document] == ["ip_block", "ip_block", "link"]
    assert dict(document[-1].attrib) == {
        "rel": "next",
        "href": f"http://ipam:9898{BLOCKS}.xml?limit=2&marker={IDS[5]}",
    }


def test_a_page_that_is_just_full_is_the_last() -> None:
    assert "ip_blocks_links" not in get(f"{BLOCKS}?limit=250").json


@pytest.mark.parametrize("marker", ["no-such-id", "", "0249"])
def test_an_unknown_marker_just_compares(marker: str) -> None:
    expected = [i for i in IDS if i > marker][:200]
    assert _ids(get(f"{BLOCKS}?marker={marker}")) == expected


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=many", "limit=1.5", "limit="])
def test_a_limit_that_is_none_is_refused(query: str) -> None:
    answer = get(f"{BLOCKS}?{query}")
    assert answer.status_int == 400
    assert "limit: " in answer.json["BadRequest"]["detail"]


@pytest.mark.parametrize("query", ["colour=red", "colour=red&colour=blue", "colour=%00"])
def test_unknown_parameters_are_ignored(query: str) -> None:
    assert get(f"{BLOCKS}?{query}").status_int == 200
    assert get(f"{BLOCKS}/b1?limit=rubbish&{query}").status_int == 200


def test_the_versions_tell_where_they_are() -> None:
    link = {"rel": "self", "href": "http://ipam:9898/v0.1"}
    assert get("/").json == {
        "versions": [{"name": "v0.1", "status": "CURRENT", "links": [link]}],
    }


def test_the_versions_in_xml_have_attributes() -> None:
    document = ElementTree.fromstring(get("/", XML).body)
    [version] = document
    assert (document.tag, version.tag) == ("versions", "version")
    assert version.attrib == {"name": "v0.1", "status": "CURRENT"}
    assert version[0].tag == "links"
    assert version[0][0].attrib == {"rel": "self", "href": "http://ipam:9898/v0.1"}


def test_each_extension_is_listed_and_shown() -> None:
    extensions = get(f"{V}/extensions").json["extensions"]
    assert {"bulk", "idempotency", "quotas", "webhooks"} <= {e["alias"] for e in extensions}
    for extension in extensions:
        members = {"name", "alias", "description", "namespace", "updated", "links"}
        assert set(extension) == members
        shown = get(f"{V}/extensions/{extension['alias']}")
        assert shown.json == {"extension": extension}


def test_extensions_in_xml_are_in_their_namespace() -> None:
    answer = get(f"{V}/extensions.xml")
    assert 'xmlns:atom="http://www.w3.org/2005/Atom"' in answer.text
    document = ElementTree.fromstring(answer.body)
    space = "{http://docs.openstack.org/melange}"
    assert document.tag == f"{space}extensions"
    assert document[0].tag == f"{space}extension"
    assert document[0].attrib["alias"] == get(f"{V}/extensions").json["extensions"][0]["alias"]
    assert ElementTree.fromstring(get(f"{V}/extensions/bulk.xml").body).tag == f"{space}extension"


def test_an_unknown_extension_is_refused_as_text() -> None:
    answer = get(f"{V}/extensions/teleport")
    assert (answer.status_int, answer.content_type) == (404, "text/plain")
    assert answer.text == "Extension with alias teleport does not exist"
