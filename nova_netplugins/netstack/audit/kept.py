"""Why something was not taken away, or not mended."""

from __future__ import annotations

IN_USE = "it belongs to somebody now"
CHANGED = "it has changed since it was seen; look again"


class Kept(Exception):
    """It stays as it is, for this reason."""
