"""The one route table: every noun's rows, in the order in which they are documented."""

from __future__ import annotations

from melange.api import extensions
from melange.api.row import Row

ROWS: list[Row] = [
    *extensions.ROUTES,
]
