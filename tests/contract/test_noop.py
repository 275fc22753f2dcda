"""noop, a plug-in from elsewhere, passes the suite that it could import."""

from __future__ import annotations

import pytest

from nova_netplugins.plugin import Network
from nova_netplugins.testing.bench import Bench
from nova_netplugins.testing.contract import NetworkServiceContract


@pytest.mark.usefixtures("noop")
class TestNoop(NetworkServiceContract):
    module = "nova_netplugins_noop"
    options = {"networks": ["nowhere", "elsewhere"]}
    gives_addresses = False

    def make_network(self, bench: Bench, number: int, project_id: str) -> Network:
        return bench.net_api.list_networks()[number]
