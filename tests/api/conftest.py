"""A net-api server with one small service, without Keystone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from netkit.wsgi.validation import Validators
from tests.api.serving import Api, serve


@pytest.fixture(scope="package", autouse=True)
def schemas_checked_once() -> Iterator[None]:
    """A server checks its schemas when it starts, which takes longer than most tests here."""
    prepare = Validators.prepare
    checked: dict[int, Mapping[str, Any]] = {}

    def once(self: Validators, schema: Mapping[str, Any]) -> None:
        if id(schema) not in checked:
            prepare(self, schema)
            checked[id(schema)] = schema

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Validators, "prepare", once)
        yield


@pytest.fixture
def api() -> Iterator[Api]:
    """A fresh server; the caller is an administrator."""
    with serve() as served:
        yield served
