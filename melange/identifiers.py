"""Ids of rows."""

from __future__ import annotations

import uuid_utils


def new_id() -> str:
    """A UUID of version 7 (RFC 9562): lists in the order of ids are in the order of creation, and
    new rows go to one end of an index.
    """
    return str(uuid_utils.uuid7())
