"""An API with XML habits of its own: each choice of XmlStyle."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from netkit.wsgi import xmlread, xmlwrite
from netkit.wsgi.xmlstyle import XmlStyle, singular

CLASSIC = XmlStyle(
    item_name=lambda collection: collection[:-1],
    null_text="None",
    attributes={"link": ("href", "rel"), "version": ("name", "status")},
    read_attributes=True,
    namespace="http://example.org/ipam",
    declaration=False,
    indent=4,
    timestamp=lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S.%f"),
)
BLOCK = {
    "properties": {
        "block": {
            "type": "object",
            "properties": {
                "cidr": {"type": "string"},
                "size": {"type": "integer"},
                "gateway": {"type": ["string", "null"]},
            },
        }
    }
}


def test_a_collection_is_indented_in_its_namespace_with_its_links_inside() -> None:
    body = {
        "policies": [{"id": "p1", "name": None, "made": datetime(2026, 1, 2, 3, 4, 5, 6, UTC)}],
        "policies_links": [{"rel": "next", "href": "http://x/?marker=p1"}],
    }
    assert xmlwrite.render(body, CLASSIC).decode() == (
        '<policies xmlns="http://example.org/ipam">\n'
        "    <policie>\n"
        "        <id>p1</id>\n"
        "        <name>None</name>\n"
        "        <made>2026-01-02 03:04:05.000006</made>\n"
        "    </policie>\n"
        '    <link rel="next" href="http://x/?marker=p1" />\n'
        "</policies>"
    )


def test_fields_can_be_attributes() -> None:
    version = {"name": "v1", "status": "CURRENT", "links": [{"rel": "self", "href": "/v1"}]}
    flat = XmlStyle(attributes=CLASSIC.attributes, declaration=False)
    assert xmlwrite.render({"versions": [version]}, flat).decode() == (
        '<versions><version name="v1" status="CURRENT"><links>'
        '<link rel="self" href="/v1" /></links></version></versions>'
    )


def test_an_empty_collection_is_an_empty_element() -> None:
    assert xmlwrite.render({"blocks": []}, XmlStyle(declaration=False)) == b"<blocks />"


@pytest.mark.parametrize(
    "document",
    [
        "<block><cidr>10.0.0.0/8</cidr><size>3</size><gateway>None</gateway></block>",
        '<block cidr="10.0.0.0/8" size="3"><gateway>None</gateway></block>',
        '<i:block xmlns:i="http://example.org/ipam"><i:cidr>10.0.0.0/8</i:cidr>'
        '<i:size> 3 </i:size><i:gateway nil="true"/></i:block>',
    ],
)
def test_attributes_and_elements_are_the_same_to_a_reader(document: str) -> None:
    expected = {"block": {"cidr": "10.0.0.0/8", "size": 3, "gateway": None}}
    assert xmlread.parse(document, BLOCK, CLASSIC) == expected


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "integer"}, "340282366920938463463374607431768211455", 2**128 - 1),
        ({"type": "integer"}, "5.0", "5.0"),
        ({"type": "integer"}, "٣", "٣"),
        ({"type": "number"}, "1.5", 1.5),
        ({"type": "boolean"}, "TRUE", True),
        ({"type": "boolean"}, "0", False),
        ({"type": "string"}, "5", "5"),
        ({}, "5", "5"),
        ({"type": "array"}, "", []),
        ({"type": "object"}, "", {}),
        ({"type": "string"}, "", ""),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "7", 7),
    ],
)
def test_the_schema_gives_a_text_its_type(schema: dict[str, Any], text: str, value: Any) -> None:
    read = xmlread.parse(f"<field>{text}</field>", {"properties": {"field": schema}}, XmlStyle())
    assert read == {"field": value}
    assert type(read["field"]) is type(value)


@pytest.mark.parametrize(
    ("collection", "item"),
    [
        ("networks", "network"),
        ("policies", "policy"),
        ("addresses", "address"),
        ("fixed_ips", "fixed_ip"),
        ("virtual_nics", "virtual_nic"),
        ("dns", "item"),
        ("address", "item"),
        ("data", "item"),
    ],
)
def test_an_entry_is_named_after_its_collection(collection: str, item: str) -> None:
    assert singular(collection) == item
