"""Melange over SQLite, and over each database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.melange.service import Service, serve


@pytest.fixture
def service(sqlite_url: str) -> Iterator[Service]:
    with serve(sqlite_url) as served:
        yield served


@pytest.fixture
def service_everywhere(database_url: str) -> Iterator[Service]:
    """On SQLite, PostgreSQL and MariaDB in turn."""
    with serve(database_url) as served:
        yield served
