"""Two validators, one verdict."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netkit.errors import ValidationError
from netkit.wsgi.validation import Validators

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "count": {"type": "integer", "minimum": 1, "maximum": 2**128},
        "ratio": {"type": ["number", "null"]},
        "name": {"type": "string", "minLength": 1, "maxLength": 3, "pattern": "^[a-z]+$"},
        "address": {"type": "string", "format": "ip-address"},
        "id": {"type": "string", "format": "uuid"},
        "at": {"type": "string", "format": "date-time"},
        "tags": {"type": "array", "items": {"enum": ["a", "b", 1]}, "uniqueItems": True},
    },
    "required": ["count"],
    "additionalProperties": False,
}
UUID = "8e2e3a4b-57c8-4c3c-9a39-1d1f0c1f6f2e"
TEXTS = st.sampled_from(["", "a", "abc\n", "é", "10.0.0.1", "fe80::1%lo", "2001:DB8::", UUID])
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, 1.0, 2**64, 2**128, 2**128 + 1, -1, 0.5, "\ud800"]),
    TEXTS,
    st.lists(st.sampled_from(["a", "b", 1, 1.0, True, "c"]), max_size=3),
    st.fixed_dictionaries({}),
)
OPTIONAL = {name: VALUES for name in (*SCHEMA["properties"], "colour") if name != "count"}
BODIES = st.fixed_dictionaries({"count": st.one_of(st.just(5), VALUES)}, optional=OPTIONAL)


@given(BODIES | VALUES)
def test_what_the_quick_one_accepts_the_thorough_one_does_too(value: Any) -> None:
    prepared = Validators()._find(SCHEMA)
    if prepared.accepts_at_once(value):
        assert list(prepared.validator.iter_errors(value)) == []


@pytest.mark.parametrize("count", [1, 2**128])
def test_integers_of_any_size_are_accepted_at_once(count: int) -> None:
    assert Validators()._find(SCHEMA).accepts_at_once({"count": count, "address": "10.0.0.1"})


def test_what_only_the_thorough_one_accepts_is_right() -> None:
    # jsonschema_rs knows formats that are none of ours.
    Validators().check({"count": 1, "at": "yesterday"}, SCHEMA)


@pytest.mark.parametrize("count", [1.0, True, "1", None])
def test_an_integer_is_an_integer(count: Any) -> None:
    with pytest.raises(ValidationError, match="count: .* is not an integer"):
        Validators().check({"count": count}, SCHEMA)


def test_the_length_of_a_long_value_is_told_without_its_quotes() -> None:
    with pytest.raises(ValidationError, match=r"\(300 characters\) has 300 characters; at most 3"):
        Validators().check({"count": 1, "name": "p" * 300}, SCHEMA)
