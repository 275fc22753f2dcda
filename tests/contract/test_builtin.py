"""flat, flat_dhcp and vlan pass the suite."""

from __future__ import annotations

from typing import cast

import pytest

from nova_netplugins.ethernet.net_api import EthernetNetApi
from nova_netplugins.ethernet.specs import NetworkSpec
from nova_netplugins.host.driver import Host
from nova_netplugins.host.fake_host import FakeHost
from nova_netplugins.plugin import Network
from nova_netplugins.testing.bench import Bench
from nova_netplugins.testing.contract import NetworkServiceContract


class EthernetContract(NetworkServiceContract):
    own_networks = False

    @pytest.fixture
    def host(self) -> Host:
        """A network host, with the interface that public_interface names."""
        host = FakeHost()
        host.links.ensure_veth("eth0", "wire", owner="contract")
        return host

    def make_network(self, bench: Bench, number: int, project_id: str) -> Network:
        spec = NetworkSpec(
            label=f"net{number}",
            cidr=f"10.{number}.0.0/24",
            cidr_v6=f"fd00:{number}::/64",
            project_id=project_id if self.own_networks else None,
        )
        [row] = cast(EthernetNetApi, bench.net_api).create_networks(spec)
        return bench.net_api.get_network(row["id"])

    def make_floating_pool(self, bench: Bench) -> str | None:
        cast(EthernetNetApi, bench.net_api).create_floating_range("203.0.113.0/28", "public")
        return "public"


class TestFlat(EthernetContract):
    module = "nova_netplugins.flat"


class TestFlatDhcp(EthernetContract):
    module = "nova_netplugins.flat_dhcp"
    has_floating_ips = True


class TestVlan(EthernetContract):
    module = "nova_netplugins.vlan"
    has_floating_ips = True
    own_networks = True
