"""XML to the dict that the JSON form of the same body would give, led by the route's JSON schema.

The schema says which texts are numbers and booleans and which elements are lists; a text that does
not fit its type stays a string, so that validation names it as it would in JSON. DTDs, entities and
external references are refused (defusedxml).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from netkit.errors import MalformedBody, shorten
from netkit.wsgi import text
from netkit.wsgi.coerce import coerce, property_schema, types_of
from netkit.wsgi.xmlstyle import XmlStyle

Schema = Mapping[str, Any]


class _BoundedTree(TreeBuilder):
    """Stops at the depth that JSON bodies are bounded to as well, before the tree is walked
    recursively.
    """

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: str, attrs: dict[Any, Any], /) -> Element:
        self._depth += 1
        if self._depth > text.MAX_DEPTH:
            raise MalformedBody(
                f"the body is nested deeper than {text.MAX_DEPTH} levels", field="body"
            )
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def parse(source: str | bytes, schema: Schema, style: XmlStyle) -> dict[str, Any]:
    """The dict of an XML document. Bytes are decoded by the document's own declaration. Raises
    MalformedBody.
    """
    root = _tree(source)
    name = _field_name(root)
    known = schema.get("properties", {})
    if name == style.root and name not in known:
        value = _value(root, schema, style)
        body = value if isinstance(value, dict) else {name: value}
    else:
        body = {name: _value(root, property_schema(schema, name), style)}
    text.check_values(body)
    return body


def _tree(source: str | bytes) -> Element:
    parser = DefusedXMLParser(target=_BoundedTree(), forbid_dtd=True)
    try:
        parser.feed(source)
        root: Element = parser.close()
    except ParseError as error:
        line, column = error.position
        raise MalformedBody(
            f"the body is not XML: {str(error).split(':')[0]} at line {line}, column {column + 1}",
            field="body",
        ) from error
    except DefusedXmlException as error:
        raise MalformedBody(
            "the body has a DTD or an entity declaration; send plain elements", field="body"
        ) from error
    except (ValueError, LookupError) as error:
        raise MalformedBody(f"the body is not XML: {error}", field="body") from error
    return root


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _field_name(element: Element) -> str:
    name = _local(element.tag)
    return element.get("key", name) if name == "entry" else name


def _value(element: Element, schema: Schema, style: XmlStyle) -> Any:
    if element.get("nil") == "true":
        return None
    types = types_of(schema)
    own_text = element.text or ""
    if "array" in types and not own_text.strip():
        items = schema.get("items")
        return [_value(c, items if isinstance(items, Mapping) else {}, style) for c in element]
    attributes = _attributes(element, style)
    if len(element) or attributes or ("object" in types and not own_text.strip()):
        return _fields(element, attributes, schema, style)
    if style.null_text is not None and own_text == style.null_text and "null" in types:
        return None
    return coerce(own_text, schema)


def _fields(
    element: Element, attributes: Mapping[str, str], schema: Schema, style: XmlStyle
) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: coerce(value, property_schema(schema, name)) for name, value in attributes.items()
    }
    stray = "".join([element.text or "", *(child.tail or "" for child in element)]).strip()
    if stray:
        raise MalformedBody(
            f"<{_local(element.tag)}> holds the text {shorten(stray)} beside its elements",
            field="body",
        )
    for child in element:
        name = _field_name(child)
        if name in found:
            raise MalformedBody(
                f"{shorten(name)} occurs twice in <{_local(element.tag)}>; give it once",
                field="body",
            )
        found[name] = _value(child, property_schema(schema, name), style)
    return found


def _attributes(element: Element, style: XmlStyle) -> dict[str, str]:
    markup = {"nil", "key"} if _local(element.tag) == "entry" else {"nil"}
    found = {_local(name): value for name, value in element.attrib.items() if name not in markup}
    if found and not style.read_attributes:
        raise MalformedBody(
            f"the attribute {shorten(next(iter(found)))} of <{_local(element.tag)}> is not read; "
            "make it a child element",
            field="body",
        )
    return found
