"""A cloud with flat, flat_dhcp and vlan, fresh for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.ethernet.served import (
    SERVICES,
    ServedCloud,
    Service,
    open_cloud,
    serve,
    upgrade,
    write_conf,
)


@pytest.fixture(scope="session")
def upgraded_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables, to be copied."""
    directory = tmp_path_factory.mktemp("upgraded")
    path = directory / "upgraded.sqlite"
    with open_cloud(write_conf(directory, f"sqlite:///{path}")) as cloud:
        upgrade(cloud)
    return path


@pytest.fixture
def settings() -> str:
    """Further settings of the cloud; a test module that needs some overrides this."""
    return ""


@pytest.fixture
def cloud(upgraded_sqlite: Path, tmp_path: Path, settings: str) -> Iterator[ServedCloud]:
    path = tmp_path / "cloud.sqlite"
    shutil.copy(upgraded_sqlite, path)
    with serve(write_conf(tmp_path, f"sqlite:///{path}", settings)) as served:
        yield served


@pytest.fixture(scope="module")
def standing_cloud(
    upgraded_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedCloud]:
    """One cloud for the tests of a module that change nothing."""
    directory = tmp_path_factory.mktemp("standing")
    path = directory / "cloud.sqlite"
    shutil.copy(upgraded_sqlite, path)
    with serve(write_conf(directory, f"sqlite:///{path}")) as served:
        yield served


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest, cloud: ServedCloud) -> Service:
    """Each network service in turn; the caller is an administrator."""
    return cloud.service(request.param)


@pytest.fixture(params=["flat_dhcp", "vlan"])
def serving(request: pytest.FixtureRequest, cloud: ServedCloud) -> Service:
    """Each network service with floating addresses in turn; the caller is an administrator."""
    return cloud.service(request.param)


@pytest.fixture
def vlan(cloud: ServedCloud) -> Service:
    return cloud.service("vlan")


@pytest.fixture
def flat_dhcp(cloud: ServedCloud) -> Service:
    return cloud.service("flat_dhcp")


@pytest.fixture
def flat(cloud: ServedCloud) -> Service:
    return cloud.service("flat")
