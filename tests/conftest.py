"""Fixtures that every suite shares: databases and message brokers of their own."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import servers

BACKENDS = ("sqlite", "postgresql", "mariadb")
_serial = itertools.count(1)


@contextlib.contextmanager
def _or_skip(server: contextlib.AbstractContextManager[str]) -> Iterator[str]:
    try:
        url = server.__enter__()
    except servers.ServerMissing as missing:
        pytest.skip(str(missing))
    try:
        yield url
    finally:
        server.__exit__(None, None, None)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The maintenance database of a PostgreSQL server of this test session."""
    with _or_skip(servers.postgresql()) as url:
        yield url


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """The `mysql` database of a MariaDB server of this test session."""
    with _or_skip(servers.mariadb()) as url:
        yield url


@pytest.fixture(scope="session")
def rabbitmq_url() -> Iterator[str]:
    """A RabbitMQ server of this test session."""
    with _or_skip(servers.rabbitmq()) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A database file of this test's own, not made yet."""
    return f"sqlite:///{tmp_path / 'test.sqlite'}"


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of this test's own, on each kind of server in turn."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    with new_database(request.getfixturevalue(f"{request.param}_url")) as url:
        yield url


@contextlib.contextmanager
def new_database(server_url: str) -> Iterator[str]:
    """A database made on that server and dropped at the end, whoever is still connected."""
    name = f"test_{next(_serial)}"
    server = sa.create_engine(server_url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    force = " WITH (FORCE)" if server.dialect.name == "postgresql" else ""
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        url = sa.make_url(server_url).set(database=name)
        yield url.render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}{force}")
