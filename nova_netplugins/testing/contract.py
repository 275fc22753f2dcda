"""The suite that every network service passes; importable, so that yours can too.

In a test module of yours::

    from nova_netplugins.plugin import Network
    from nova_netplugins.testing.bench import Bench
    from nova_netplugins.testing.contract import NetworkServiceContract

    class TestMine(NetworkServiceContract):
        module = "mine.network_service"

        def make_network(self, bench: Bench, number: int, project_id: str) -> Network:
            ...

It needs no root: the host is a fake one, unless you override the fixture ``host``; the database is
SQLite, unless you override ``database_url`` and ``other_database_url``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from nova_netplugins.host.driver import Host
from nova_netplugins.host.fake_host import FakeHost
from nova_netplugins.plugin import Network
from nova_netplugins.testing.bench import Bench, bench
from nova_netplugins.testing.descriptor import DescriptorContract
from nova_netplugins.testing.net_agent import NetAgentContract
from nova_netplugins.testing.net_api import NetApiContract
from nova_netplugins.testing.net_service import NetServiceContract


class NetworkServiceContract(
    DescriptorContract, NetApiContract, NetAgentContract, NetServiceContract
):
    """``module``: the Python module path of the service. ``options``: of its own group."""

    module: str
    options: Mapping[str, Any] = {}
    gives_addresses = True
    has_floating_ips = False

    def make_network(self, bench: Bench, number: int, project_id: str) -> Network:
        """Make the first (0) or the second (1) network that this project may use."""
        raise NotImplementedError

    def make_floating_pool(self, bench: Bench) -> str | None:
        """Make a pool with a free floating IP; its name, or None for the default one."""
        raise NotImplementedError

    @pytest.fixture
    def project_id(self) -> str:
        return "contract-project"

    @pytest.fixture
    def host_name(self) -> str:
        return "contract-host"

    @pytest.fixture
    def database_url(self, tmp_path: Path) -> str:
        """An empty database."""
        return f"sqlite:///{tmp_path}/contract.sqlite"

    @pytest.fixture
    def other_database_url(self, tmp_path: Path) -> str:
        """Another empty database, for the service's own tables alone."""
        return f"sqlite:///{tmp_path}/tables.sqlite"

    @pytest.fixture
    def host(self) -> Host:
        """Where the net-agent and the net-service work."""
        return FakeHost()

    @pytest.fixture
    def bench(self, tmp_path: Path, database_url: str, host_name: str) -> Iterator[Bench]:
        with bench(tmp_path, database_url, self.module, self.options, host_name) as made:
            yield made

    @pytest.fixture
    def network(self, bench: Bench, project_id: str) -> Network:
        return self.make_network(bench, 0, project_id)

    @pytest.fixture
    def other_network(self, bench: Bench, project_id: str) -> Network:
        return self.make_network(bench, 1, project_id)

    @pytest.fixture
    def floating_pool(self, bench: Bench) -> str | None:
        return self.make_floating_pool(bench) if self.has_floating_ips else None
