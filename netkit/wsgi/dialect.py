"""Which formats an API speaks and how they look: what differs from one API to another."""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message
from typing import Any

import webob
from webob.acceptparse import create_accept_header

from netkit import jsonwriting
from netkit.errors import UnsupportedMediaType
from netkit.wsgi import faults, jsontext, text, xmlread, xmlwrite
from netkit.wsgi.pathtree import without_format
from netkit.wsgi.xmlstyle import XmlStyle, timestamp


class Format(enum.Enum):
    JSON = "application/json"
    XML = "application/xml"


_SUFFIXES = {".json": Format.JSON, ".xml": Format.XML}


@dataclass(frozen=True)
class Dialect:
    """How one API reads and writes.

    ``aliases``: further media types of the two formats, for answers, and with ``reads_aliases`` for
    bodies too. ``error_body(fault, request_id)`` gives the body of an error. ``timestamp`` writes
    datetimes into JSON; the XML style has its own. ``documents``: root element -> what writes the
    XML of such a body instead of the style.
    """

    xml: XmlStyle = field(default_factory=XmlStyle)
    aliases: Mapping[str, Format] = field(default_factory=dict)
    reads_aliases: bool = True
    error_body: Callable[[faults.Fault, str], Mapping[str, Any]] = faults.error_body
    timestamp: Callable[[datetime], str] = timestamp
    documents: Mapping[str, Callable[[Mapping[str, Any]], bytes]] = field(default_factory=dict)

    def answer_format(self, http: webob.Request) -> tuple[str, Format]:
        """The path without its format suffix, and the format: of the suffix, else of Accept, else
        JSON.
        """
        path, suffix = without_format(str(http.path_info))
        return path, self.choose(suffix, http.environ.get("HTTP_ACCEPT", ""))

    def choose(self, suffix: str, accept: str) -> Format:
        """The format of a suffix (``.json``, ``.xml``, or ``""`` for none), else of an Accept
        header, else JSON.
        """
        if suffix:
            return _SUFFIXES[suffix]
        # What clients send every time: no need to parse it.
        if not accept or accept == "*/*":
            return Format.JSON
        if accept in self._answered:
            return self._answered[accept]
        header = create_accept_header(accept)  # False when it is no Accept header at all.
        acceptable = header.acceptable_offers(list(self._answered)) if header else []
        return self._answered[acceptable[0][0]] if acceptable else Format.JSON

    def read(self, data: bytes, content_type: str, schema: Mapping[str, Any]) -> Any:
        """The value of a body. Raises UnsupportedMediaType, MalformedBody."""
        media_type, charset = _parsed_content_type(content_type)
        match self._read.get(media_type):
            case Format.JSON:
                return jsontext.parse(text.decode(data, charset or "utf-8"))
            case Format.XML:
                source = text.decode(data, charset) if charset else data
                return xmlread.parse(source, schema, self.xml)
        raise UnsupportedMediaType(
            field="Content-Type", value=content_type, supported=", ".join(self._read)
        )

    def write(self, body: Mapping[str, Any], chosen: Format) -> bytes:
        if chosen is Format.JSON:
            return self._encode(body)
        for root, document in self.documents.items():
            if root in body:
                return document(body)
        return xmlwrite.render(body, self.xml)

    def write_error(
        self, fault: faults.Fault, environ: Mapping[str, Any], request_id: str, chosen: Format
    ) -> tuple[str, bytes]:
        """Content type and body of an error answer. An API whose errors are not all ``error_body``
        in the chosen format overrides this.
        """
        return chosen.value, self.write(self.error_body(fault, request_id), chosen)

    @functools.cached_property
    def _answered(self) -> dict[str, Format]:
        return {chosen.value: chosen for chosen in Format} | dict(self.aliases)

    @functools.cached_property
    def _read(self) -> dict[str, Format]:
        return self._answered if self.reads_aliases else {chosen.value: chosen for chosen in Format}

    @functools.cached_property
    def _encode(self) -> Callable[[Any], bytes]:
        return jsonwriting.encoder(self._json_value)

    def _json_value(self, value: object) -> object:
        if isinstance(value, datetime):
            return self.timestamp(value)
        return str(value)


def _parsed_content_type(content_type: str) -> tuple[str, str | None]:
    """Media type and charset."""
    if content_type in _COMMON:
        return content_type, None
    header = Message()
    header["Content-Type"] = content_type or "application/octet-stream"
    return header.get_content_type(), header.get_content_charset()


_COMMON = frozenset({"application/json", "application/xml"})
