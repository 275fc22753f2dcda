"""A cloud with netstack, fresh for each test, over one Melange for all."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.ethernet.served import ServedCloud, open_cloud, serve, upgrade
from tests.api.netstack.served import Netstack, netstack_of, write_conf
from tests.netstack.melange_server import MelangeServer, melange_server


@pytest.fixture(scope="session")
def melange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MelangeServer]:
    """Each cloud has projects and a default tenant of its own there."""
    with melange_server(tmp_path_factory.mktemp("melange")) as server:
        yield server


@pytest.fixture(scope="session")
def upgraded_netstack(tmp_path_factory: pytest.TempPathFactory, melange: MelangeServer) -> Path:
    """A database file with all tables, to be copied."""
    directory = tmp_path_factory.mktemp("upgraded")
    path = directory / "upgraded.sqlite"
    with open_cloud(write_conf(directory, f"sqlite:///{path}", melange.url)) as cloud:
        upgrade(cloud)
    return path


@contextlib.contextmanager
def a_cloud(directory: Path, upgraded: Path, melange: MelangeServer) -> Iterator[ServedCloud]:
    path = directory / "cloud.sqlite"
    shutil.copy(upgraded, path)
    with serve(write_conf(directory, f"sqlite:///{path}", melange.url)) as served:
        yield served


@pytest.fixture
def cloud(upgraded_netstack: Path, tmp_path: Path, melange: MelangeServer) -> Iterator[ServedCloud]:
    with a_cloud(tmp_path, upgraded_netstack, melange) as served:
        yield served


@pytest.fixture
def netstack(cloud: ServedCloud, melange: MelangeServer) -> Netstack:
    """The caller is an administrator."""
    return netstack_of(cloud, melange.client)


@pytest.fixture(scope="package")
def standing_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("standing")


@pytest.fixture(scope="package")
def standing(
    upgraded_netstack: Path, standing_directory: Path, melange: MelangeServer
) -> Iterator[Netstack]:
    """One cloud for all tests whose calls are refused; each looks at a project of its own."""
    with a_cloud(standing_directory, upgraded_netstack, melange) as served:
        yield netstack_of(served, melange.client)
