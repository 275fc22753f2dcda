"""What gabbits can say of a response beyond gabbi's own keys.

``response_fault``: the name of the fault and its exact detail, in JSON or XML, with everything that
goes without saying: the general text, the code, the content type.
``response_members``: names that the object at a JSON path has, among others.
``response_text``: the whole body.
``response_xml_paths``: texts at paths of an XML document, attributes with ``@``; a list for all.
"""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import defusedxml.ElementTree
from gabbi.handlers.base import ContentHandler, ResponseHandler
from gabbi.handlers.jsonhandler import JSONHandler

_MALFORMED = (
    "The server could not comply with the request since it is either malformed or otherwise"
    " incorrect."
)
_FAULTS = {
    "BadRequest": (400, _MALFORMED),
    "NotFound": (404, "The resource could not be found."),
    "NotAcceptable": (406, _MALFORMED),
    "Conflict": (409, "There was a conflict when trying to complete your request."),
    "UnprocessableEntity": (422, "Unable to process the contained instructions"),
}


class Fault(ResponseHandler):
    test_key_suffix = "fault"
    test_key_value: dict[str, str | None] = {}

    def action(self, test: Any, item: str, value: Any = None) -> None:
        code, message = _FAULTS[item]
        detail = test.replace_template(value)
        test.assertEqual(str(code), test.response["status"], test.output)
        kind, _, charset = test.response["content-type"].partition("; ")
        test.assertEqual("charset=UTF-8", charset)
        name, found = _read_fault(kind, test.output)
        test.assertEqual(item, name)
        test.assertEqual(code, found["code"])
        test.assertEqual(message, found["message"])
        test.assertEqual(detail, found["detail"])
        test.assertRegex(found["error_code"], "^[a-z_]+$")


def _read_fault(kind: str, output: str) -> tuple[str, dict[str, Any]]:
    if kind == "application/json":
        ((name, found),) = json.loads(output).items()
        return name, found
    assert kind == "application/xml", kind
    root = defusedxml.ElementTree.fromstring(output)
    children = {child.tag: child.text for child in root}
    # Null is the text None in XML.
    detail = None if children["detail"] == "None" else children["detail"]
    return root.tag, {**children, "detail": detail, "code": int(root.get("code", ""))}


class Members(ResponseHandler):
    test_key_suffix = "members"
    test_key_value: dict[str, str] = {}

    def action(self, test: Any, item: str, value: Any = None) -> None:
        found = JSONHandler.extract_json_path_value(test.response_data, item)
        missing = set(value.split()) - found.keys()
        test.assertEqual(set(), missing, f"{item} has {sorted(found)}")


class Text(ResponseHandler):
    test_key_suffix = "text"
    test_key_value = ""

    def __call__(self, test: Any) -> None:
        expected = test.replace_template(test.test_data[self._key])
        if expected:
            test.assertEqual(expected.rstrip("\n"), test.output)


class XmlPaths(ContentHandler):
    """Paths are ElementTree's, from the root element on: ``ip_block/cidr``, ``link/@href``."""

    test_key_suffix = "xml_paths"
    test_key_value: dict[str, Any] = {}

    @staticmethod
    def accepts(content_type: str) -> bool:
        return content_type.partition(";")[0].strip() == "application/xml"

    @staticmethod
    def loads(data: str) -> ElementTree.Element:
        document = ElementTree.Element("document")
        document.append(defusedxml.ElementTree.fromstring(data))
        return document

    @classmethod
    def replacer(cls, response_data: ElementTree.Element, path: str) -> str:
        (found,) = _texts(response_data, path)
        return found

    def action(self, test: Any, item: str, value: Any = None) -> None:
        found = _texts(test.response_data, item)
        expected = test.replace_template(value)
        if not isinstance(expected, list):
            expected = [expected]
        test.assertEqual([str(one) for one in expected], found, f"at {item} of {test.output}")


def _texts(document: ElementTree.Element, path: str) -> list[str]:
    elements, _, attribute = path.partition("/@")
    found = document.findall(elements)
    return [one.attrib[attribute] if attribute else one.text or "" for one in found]
