"""JSON texts, fast: what orjson cannot write (integers above 64 bits) goes to the json module."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson

_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


def encoder(default: Callable[[Any], Any]) -> Callable[[Any], bytes]:
    """What writes a value as JSON in UTF-8. ``default``: what stands for a value that JSON does not
    have, moments in time among them.
    """
    slow = json.JSONEncoder(
        default=default, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )

    def encode(value: Any) -> bytes:
        try:
            return orjson.dumps(value, default, _OPTIONS)
        except orjson.JSONEncodeError:
            return slow.encode(value).encode("utf-8", "replace")

    return encode
