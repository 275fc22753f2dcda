"""What every module that reads or writes rows needs."""

from __future__ import annotations

import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.base import ReadOnlyColumnCollection

Row = sa.RowMapping
Columns = ReadOnlyColumnCollection[str, sa.Column[Any]]


def utcnow() -> datetime.datetime:
    """Naive, as the tables keep times."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
