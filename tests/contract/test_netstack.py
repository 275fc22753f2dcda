"""netstack passes the suite, on a real Melange and with layer 2 in tables of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from nova_netplugins.host.driver import Host
from nova_netplugins.host.fake_host import FakeHost
from nova_netplugins.netstack.net_api import NetstackNetApi
from nova_netplugins.plugin import Network
from nova_netplugins.testing.bench import Bench
from nova_netplugins.testing.contract import NetworkServiceContract
from tests.netstack.cloud import TUNNEL_ADDRESS, netstack_bench, network_of
from tests.netstack.melange_server import MelangeServer, melange_server

_serial = itertools.count(1)


@pytest.fixture(scope="module")
def melange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MelangeServer]:
    with melange_server(tmp_path_factory.mktemp("melange")) as server:
        yield server


class TestNetstack(NetworkServiceContract):
    module = "nova_netplugins.netstack"
    has_floating_ips = True

    @pytest.fixture
    def bench(
        self, tmp_path: Path, database_url: str, host_name: str, melange: MelangeServer
    ) -> Iterator[Bench]:
        with netstack_bench(tmp_path, melange.url, database_url, host_name) as made:
            yield made

    @pytest.fixture
    def host(self) -> Host:
        """A network host, with the interface that public_interface names, and its end of
        tunnels."""
        host = FakeHost()
        host.links.ensure_veth("eth0", "wire", owner="contract")
        host.kernel.change_addresses("eth0", [f"{TUNNEL_ADDRESS}/24"], [])
        host.addresses.ensure_address("eth0", f"{TUNNEL_ADDRESS}/24")
        return host

    def make_network(self, bench: Bench, number: int, project_id: str) -> Network:
        api = cast(NetstackNetApi, bench.net_api)
        cidrs = f"10.{number}.0.0/24", f"fd00:{number}::/64"
        return api.get_network(network_of(api, *cidrs, label=f"net{number}"))

    def make_floating_pool(self, bench: Bench) -> str | None:
        api = cast(NetstackNetApi, bench.net_api)
        number = next(_serial)
        [block] = [
            api.melange.call(
                "make a pool",
                number,
                lambda client: client.ip_blocks.create(
                    "default", f"203.0.{number}.0/28", "public", network_id="public", shared=True
                ),
            )
        ]
        return block["network_id"]
