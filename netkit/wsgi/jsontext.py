"""JSON bodies: RFC 8259, read strictly."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NoReturn

from netkit.errors import MalformedBody, shorten
from netkit.wsgi import text


def parse(source: str) -> Any:
    """The value of a JSON text. Raises MalformedBody, with line and column where the text is
    broken.

    Stricter than ``json.loads``: a repeated key, NaN and infinities are refused rather than read as
    something.
    """
    try:
        value = json.loads(source, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise MalformedBody(
            f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}",
            field="body",
        ) from error
    except RecursionError as error:
        raise MalformedBody(
            f"the body is nested deeper than {text.MAX_DEPTH} levels", field="body"
        ) from error
    except (
        ValueError
    ) as error:  # Python bounds the digits of an integer (sys.set_int_max_str_digits).
        raise MalformedBody(
            "the body holds an integer with too many digits", field="body"
        ) from error
    text.check_values(value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        repeated = counts.most_common(1)[0][0]
        raise MalformedBody(
            f"the key {shorten(repeated)} occurs twice in one object; give it once", field="body"
        )
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedBody(f"{name} is not JSON: give a finite number or null", field="body")
