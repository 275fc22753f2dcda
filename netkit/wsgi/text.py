"""Bounds on what a client may put into a body, the same for JSON and XML."""

from __future__ import annotations

import codecs
import math
import re
from typing import Any

from netkit.errors import MalformedBody, UnsupportedMediaType, shorten

MAX_DEPTH = 32

# Only these are accepted: Python knows further codecs that are no character sets, or are slow by
# design (punycode).
_CHARSETS = {"utf-8", "utf-8-sig", "utf-16", "ascii", "iso8859-1", "cp1252"}
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# What XML 1.0 cannot carry in any form (its production Char).
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def decode(data: bytes, charset: str) -> str:
    """Raises UnsupportedMediaType, MalformedBody."""
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        name = ""
    if name not in _CHARSETS:
        raise UnsupportedMediaType(field="charset", value=charset, supported="charset utf-8")
    try:
        # A byte order mark is allowed in front (RFC 8259, 8.1) and is no part of the text.
        return data.decode("utf-8-sig" if name == "utf-8" else name)
    except UnicodeDecodeError as error:
        raise MalformedBody(
            f"the body is not {charset}: byte {error.start} cannot be decoded ({error.reason})",
            field="body",
        ) from error


def check_values(value: Any, depth: int = 0) -> None:
    """Refuse what no database column or no answer could hold. Raises MalformedBody."""
    if depth > MAX_DEPTH:
        raise MalformedBody(f"the body is nested deeper than {MAX_DEPTH} levels", field="body")
    if isinstance(value, str):
        _check_string(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise MalformedBody("the body holds a number too large to represent", field="body")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_string(key)
            check_values(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            check_values(item, depth + 1)


def _check_string(value: str) -> None:
    if found := _UNSTORABLE.search(value):
        raise MalformedBody(
            f"the string {shorten(value)} holds the character U+{ord(found[0]):04X}, "
            "which cannot be stored",
            field="body",
        )


def xml_text(value: str) -> str:
    """The string with each character that XML cannot carry replaced by U+FFFD."""
    return _NOT_XML.sub("\ufffd", value)
