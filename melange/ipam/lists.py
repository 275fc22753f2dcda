"""Lists in pages: in the order of the ids, which is that of creation."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa


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
