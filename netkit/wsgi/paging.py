"""Lists in pages: ``limit`` and ``marker``, and the link to the next page.

A list is ordered by id; ``marker`` is the last id of the page before, so that a page costs the same
anywhere in the list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import webob

from netkit.errors import ValidationError

PROPERTIES: Mapping[str, Any] = {
    "limit": {"type": "integer", "minimum": 1},
    "marker": {"type": "string", "minLength": 1, "maxLength": 255},
}


def list_query(**filters: Mapping[str, Any]) -> dict[str, Any]:
    """The query schema of a list: paging, and these filters (name: JSON schema)."""
    return {
        "type": "object",
        "properties": {**filters, **PROPERTIES},
        "additionalProperties": False,
    }


@dataclass(frozen=True)
class Page:
    """The page asked for: rows after ``marker`` (None: from the start), at most ``limit``."""

    limit: int
    marker: str | None
    http: webob.Request

    def collection(
        self, name: str, rows: Sequence[Mapping[str, Any]], key: str = "id"
    ) -> dict[str, Any]:
        """The body of a list. Give up to ``limit + 1`` rows: the one too many says that there is a
        next page.
        """
        body: dict[str, Any] = {name: list(rows[: self.limit])}
        if len(rows) > self.limit:
            href = self._href(str(rows[self.limit - 1][key]))
            body[f"{name}_links"] = [{"rel": "next", "href": href}]
        return body

    def _href(self, marker: str) -> str:
        query = parse_qsl(self.http.query_string, keep_blank_values=True)
        kept = [(k, v) for k, v in query if k != "marker"]
        return f"{self.http.path_url}?{urlencode([*kept, ('marker', marker)])}"


@dataclass(frozen=True)
class Limits:
    """Rows of a page: ``default`` without ``limit``, ``largest`` at most. Who asks for more is
    refused, or with ``shortens`` gets the largest page, and the link to the next.
    """

    default: int
    largest: int
    shortens: bool = False

    def page(self, params: Mapping[str, Any], http: webob.Request) -> Page:
        """The page that validated parameters ask for. Raises ValidationError."""
        limit = params.get("limit", self.default)
        if limit > self.largest and self.shortens:
            limit = self.largest
        if limit > self.largest:
            raise ValidationError(
                f"limit: {limit} is too large; give 1 to {self.largest}", field="limit", value=limit
            )
        return Page(limit, params.get("marker"), http)
