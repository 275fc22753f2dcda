"""Lists: narrowed by filters; in pages, in the order of the ids, which is that of creation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

Condition = Callable[[Any], Sequence[sa.ColumnElement[bool]]]
"""What rows have to be like for a filter's value; may raise Invalid."""


def narrowed(
    query: sa.Select[Any], filters: Mapping[str, Any], conditions: Mapping[str, Condition]
) -> sa.Select[Any]:
    """The rows that pass all the filters there are; names without a condition are ignored."""
    for name, value in filters.items():
        if name in conditions:
            query = query.where(*conditions[name](value))
    return query


def equal(column: sa.ColumnElement[Any]) -> Condition:
    """Rows with just that value."""
    return lambda value: [column == value]


class Window(NamedTuple):
    """The rows after the one with the id ``marker`` (None: from the first), ``limit`` and one
    more, which tells that there are more.
    """

    limit: int
    marker: str | None = None

    def of(self, query: sa.Select[Any], key: sa.ColumnElement[str]) -> sa.Select[Any]:
        if self.marker is not None:
            query = query.where(key > self.marker)
        return query.order_by(key).limit(self.limit + 1)
