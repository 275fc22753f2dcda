"""Dict to XML.

A dict's fields are child elements; a list's entries are elements named by the style; a field whose
name is no XML name is ``<entry key="...">``. A body of one key has that key as root element, any
other the style's root. The links of ``<collection>_links`` become ``<link>`` elements at the end of
the collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from netkit.wsgi.text import xml_text
from netkit.wsgi.xmlstyle import XmlStyle

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
LINKS = "_links"


def render(body: Mapping[str, Any], style: XmlStyle) -> bytes:
    """UTF-8 XML of a body: a dict of JSON values and datetimes."""
    fields = {key: value for key, value in body.items() if not _is_links(key, body)}
    if len(fields) == 1:
        ((name, value),) = fields.items()
        root = _element(name)
        _fill(root, name, value, style)
        _append_links(root, body.get(name + LINKS))
    else:
        root = Element(style.root)
        _fill(root, style.root, body, style)
    if style.namespace:
        root.set("xmlns", style.namespace)
    if style.indent:
        indent(root, " " * style.indent)
    document: bytes = tostring(root, "utf-8", xml_declaration=style.declaration)
    return document


def _is_links(key: str, body: Mapping[str, Any]) -> bool:
    return key.endswith(LINKS) and isinstance(body.get(key.removesuffix(LINKS)), list)


def _element(name: str, parent: Element | None = None) -> Element:
    attributes = {}
    if not _NAME.fullmatch(name) or name.lower().startswith("xml"):
        name, attributes = "entry", {"key": xml_text(name)}
    return Element(name, attributes) if parent is None else SubElement(parent, name, attributes)


def _fill(element: Element, name: str, value: Any, style: XmlStyle) -> None:
    if isinstance(value, Mapping):
        _fill_fields(element, value, style)
    elif isinstance(value, list | tuple):
        for item in value:
            item_name = style.item_name(name)
            _fill(_element(item_name, element), item_name, item, style)
    elif value is None and style.null_text is None:
        element.set("nil", "true")
    else:
        element.text = _scalar(value, style)


def _fill_fields(element: Element, fields: Mapping[str, Any], style: XmlStyle) -> None:
    as_attributes = style.attributes.get(element.tag, ())
    for key, value in fields.items():
        if _is_links(key, fields):
            continue
        if key in as_attributes:
            element.set(key, _scalar(value, style))
            continue
        child = _element(key, element)
        _fill(child, key, value, style)
        _append_links(child, fields.get(key + LINKS) if isinstance(value, list) else None)


def _append_links(collection: Element, links: list[Mapping[str, str]] | None) -> None:
    for link in links or ():
        SubElement(collection, "link", {key: xml_text(value) for key, value in link.items()})


def _scalar(value: Any, style: XmlStyle) -> str:
    if value is None:
        return style.null_text or ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return style.timestamp(value)
    return xml_text(str(value))
