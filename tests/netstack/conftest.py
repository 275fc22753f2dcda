"""A real Melange, and netstack's net-api on it with layer 2 in tables of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_netplugins.testing.bench import Bench
from tests.netstack.cloud import NetApi, netstack_bench
from tests.netstack.melange_server import MelangeServer, melange_server


@pytest.fixture(scope="session")
def melange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MelangeServer]:
    """One for all tests of this process: each has networks of its own."""
    with melange_server(tmp_path_factory.mktemp("melange")) as server:
        yield server


@pytest.fixture
def bench(tmp_path: Path, melange: MelangeServer) -> Iterator[Bench]:
    with netstack_bench(tmp_path, melange.url) as made:
        yield made


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, melange: MelangeServer) -> Iterator[NetApi]:
    """For tests that leave nothing behind."""
    with netstack_bench(tmp_path_factory.mktemp("standing"), melange.url) as made:
        assert isinstance(made.net_api, NetApi)
        yield made.net_api


@pytest.fixture
def net_api(bench: Bench) -> NetApi:
    assert isinstance(bench.net_api, NetApi)
    return bench.net_api


@pytest.fixture
def empty_melange(tmp_path: Path) -> Iterator[MelangeServer]:
    """One without MAC addresses."""
    with contextlib.ExitStack() as stack:
        yield stack.enter_context(melange_server(tmp_path / "melange", mac_range=None))
