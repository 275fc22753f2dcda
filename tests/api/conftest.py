"""A net-api server with one small service, without Keystone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.serving import Api, serve


@pytest.fixture
def api() -> Iterator[Api]:
    """A fresh server; the caller is an administrator."""
    with serve() as served:
        yield served
