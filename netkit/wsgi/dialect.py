"""Which formats an API speaks and how they look: what differs from one API to another."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message
from typing import Any

import webob

from netkit.errors import UnsupportedMediaType
from netkit.wsgi import faults, jsontext, text, xmlread, xmlwrite
from netkit.wsgi.xmlstyle import XmlStyle, timestamp


class Format(enum.Enum):
    JSON = "application/json"
    XML = "application/xml"


_SUFFIXES = {".json": Format.JSON, ".xml": Format.XML}


@dataclass(frozen=True)
class Dialect:
    """How one API reads and writes.

    ``aliases``: further media types of the two formats. ``error_body(fault, request_id)`` gives the
    body of an error. ``timestamp`` writes datetimes into JSON; the XML style has its own.
    """

    xml: XmlStyle = field(default_factory=XmlStyle)
    aliases: Mapping[str, Format] = field(default_factory=dict)
    error_body: Callable[[faults.Fault, str], Mapping[str, Any]] = faults.error_body
    timestamp: Callable[[datetime], str] = timestamp

    def answer_format(self, http: webob.Request) -> tuple[str, Format]:
        """The path without its format suffix, and the format: of the suffix, else of Accept, else
        JSON.
        """
        path = str(http.path_info)
        for suffix, chosen in _SUFFIXES.items():
            if path.endswith(suffix):
                return path.removesuffix(suffix), chosen
        offered = self._media_types()
        acceptable = http.accept.acceptable_offers(list(offered)) if http.accept else []
        return path, offered[acceptable[0][0]] if acceptable else Format.JSON

    def read(self, data: bytes, content_type: str, schema: Mapping[str, Any]) -> Any:
        """The value of a body. Raises UnsupportedMediaType, MalformedBody."""
        header = Message()
        header["Content-Type"] = content_type or "application/octet-stream"
        charset = header.get_content_charset()
        match self._media_types().get(header.get_content_type()):
            case Format.JSON:
                return jsontext.parse(text.decode(data, charset or "utf-8"))
            case Format.XML:
                source = text.decode(data, charset) if charset else data
                return xmlread.parse(source, schema, self.xml)
        raise UnsupportedMediaType(
            field="Content-Type", value=content_type, supported=", ".join(self._media_types())
        )

    def write(self, body: Mapping[str, Any], chosen: Format) -> bytes:
        if chosen is Format.XML:
            return xmlwrite.render(body, self.xml)
        rendered = json.dumps(body, default=self._json_value, ensure_ascii=False, allow_nan=False)
        return rendered.encode("utf-8", "replace")

    def _media_types(self) -> dict[str, Format]:
        return {chosen.value: chosen for chosen in Format} | dict(self.aliases)

    def _json_value(self, value: object) -> object:
        if isinstance(value, datetime):
            return self.timestamp(value)
        return str(value)
