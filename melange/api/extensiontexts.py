"""The XML of extensions: in a namespace of its own, with Atom's links."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from netkit.wsgi.text import xml_text

NAMESPACE = "http://docs.openstack.org/melange"
ATOM = "http://www.w3.org/2005/Atom"
_ATTRIBUTES = ("name", "alias", "namespace", "updated")

register_namespace("atom", ATOM)


def _document(body: Mapping[str, Any]) -> bytes:
    ((name, value),) = body.items()
    root = Element(name, {"xmlns": NAMESPACE})
    # The prefix is part of the document also where no extension has a link.
    if name == "extensions":
        for extension in value:
            _fill(SubElement(root, "extension"), extension)
    else:
        _fill(root, value)
    if root.find(f".//{{{ATOM}}}link") is None:
        root.set("xmlns:atom", ATOM)
    indent(root, "    ")
    text: bytes = tostring(root, "utf-8")
    return text


def _fill(element: Element, extension: Mapping[str, Any]) -> None:
    for attribute in _ATTRIBUTES:
        element.set(attribute, xml_text(str(extension[attribute])))
    SubElement(element, "description").text = xml_text(str(extension["description"]))
    for link in extension["links"]:
        SubElement(
            element, f"{{{ATOM}}}link", {key: xml_text(str(text)) for key, text in link.items()}
        )


DOCUMENTS: Mapping[str, Callable[[Mapping[str, Any]], bytes]] = {
    "extensions": _document,
    "extension": _document,
}
"""Root element -> what writes it."""
