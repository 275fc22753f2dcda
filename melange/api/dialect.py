"""How Melange v0.1 writes and reads JSON and XML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from melange.api import extensiontexts, faults
from netkit.wsgi.coerce import property_schema, types_of
from netkit.wsgi.dialect import Dialect, Format
from netkit.wsgi.faults import Fault
from netkit.wsgi.xmlstyle import XmlStyle

VENDOR = "application/vnd.openstack.melange"

# A version chooses the application (api/versions.py), never the format.
_VERSION = re.compile(r";\s*version\s*=\s*[^;,]*")


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def json_timestamp(moment: datetime) -> str:
    """``2026-11-21T10:54:32``: UTC to the second, without a zone."""
    return _utc(moment).isoformat(timespec="seconds")


def xml_timestamp(moment: datetime) -> str:
    """``2026-11-21 10:54:32.000123``: UTC to the microsecond, without a zone."""
    return _utc(moment).isoformat(" ", "microseconds")


def item_name(collection: str) -> str:
    """The collection without its last "s", whatever English makes of that: ``policie``,
    ``ip_addresse``.
    """
    return collection[:-1] if collection.endswith("s") and len(collection) > 1 else "item"


XML = XmlStyle(
    item_name=item_name,
    null_text="None",
    attributes={
        "link": ("href", "rel"),
        "version": ("name", "status"),
        **dict.fromkeys(faults.names(), ("code",)),
    },
    read_attributes=True,
    declaration=False,
    indent=4,
    timestamp=xml_timestamp,
)


def _names_to_text(value: Any, schema: Mapping[str, Any]) -> Any:
    """The value with the integers that the schema wants as texts made texts. Nova's devices are
    integers, and Melange v0.1 took them as they came.
    """
    kind = type(value)
    if kind is dict:
        for name, item in value.items():
            if type(item) is not str:
                value[name] = _names_to_text(item, property_schema(schema, name))
    elif kind is list:
        items = schema.get("items", {})
        value[:] = [item if type(item) is str else _names_to_text(item, items) for item in value]
    elif kind is int:
        types = types_of(schema)
        if "string" in types and types.isdisjoint(("integer", "number")):
            return str(value)
    return value


@dataclass(frozen=True)
class MelangeDialect(Dialect):
    """Errors are faults, or plain text where v0.1 has plain text."""

    def choose(self, suffix: str, accept: str) -> Format:
        if ";" in accept:
            accept = _VERSION.sub("", accept)
        return super().choose(suffix, accept)

    def read(self, data: bytes, content_type: str, schema: Mapping[str, Any]) -> Any:
        return _names_to_text(super().read(data, content_type, schema), schema)

    def write_error(
        self, fault: Fault, environ: Mapping[str, Any], request_id: str, chosen: Format
    ) -> tuple[str, bytes]:
        plain = faults.plain(fault, environ)
        if plain is not None:
            return plain.content_type, plain.body
        body = self.write(self.error_body(fault, request_id), chosen)
        return f"{chosen.value}; charset=UTF-8", body


DIALECT = MelangeDialect(
    xml=XML,
    aliases={f"{VENDOR}+json": Format.JSON, f"{VENDOR}+xml": Format.XML},
    reads_aliases=False,
    error_body=faults.body,
    timestamp=json_timestamp,
    documents=extensiontexts.DOCUMENTS,
)
