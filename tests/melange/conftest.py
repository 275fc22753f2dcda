"""Melange over SQLite, and over each database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.melange.everywhere import Melange, serve


@pytest.fixture
def melange(sqlite_url: str) -> Iterator[Melange]:
    with serve(sqlite_url) as served:
        yield served


@pytest.fixture
def melange_everywhere(database_url: str) -> Iterator[Melange]:
    """On SQLite, PostgreSQL and MariaDB in turn."""
    with serve(database_url) as served:
        yield served
