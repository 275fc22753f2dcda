"""What a part of a network service is tested on: a cloud of that service and of another."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from netkit import migrations
from netkit.wsgi.server import Server
from nova_netplugins import conf as configuration
from nova_netplugins.api.deploy import build_app
from nova_netplugins.catalogue import load_catalogue
from nova_netplugins.client import Client, make_client
from nova_netplugins.cloud import Cloud
from nova_netplugins.host.driver import Host
from nova_netplugins.plugin import (
    AgentContext,
    NetAgent,
    NetApi,
    NetService,
    Network,
    NetworkService,
    ServiceContext,
)
from nova_netplugins.testing import other


@dataclass
class Told:
    """The prompts that net-api sent, and what its net-agent asked to be served."""

    nics: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    networks: list[str] = field(default_factory=list)
    served: list[tuple[str, str | None]] = field(default_factory=list)

    def nic_changed(self, nic_id: str, network_id: str | None, host: str | None) -> None:
        self.nics.append((nic_id, network_id, host))

    def network_changed(self, network_id: str) -> None:
        self.networks.append(network_id)

    def ensure(self, network: Network, nic_id: str | None = None) -> None:
        self.served.append((network.id, nic_id))


@dataclass(frozen=True)
class Bench:
    """The service under test, its net-api on a real database, and that net-api's REST server."""

    cloud: Cloud
    service: NetworkService
    net_api: NetApi
    client: Client
    told: Told
    state_dir: Path

    def net_agent(self, host: Host, host_name: str) -> NetAgent:
        return self.service.net_agent(
            AgentContext(
                conf=self.cloud.conf,
                host_name=host_name,
                host=host,
                client=self.client,
                wirings=lambda: self.net_api.wirings(host_name),
                report=self.net_api.report_virtual_nic,
                served=self.told,
            )
        )

    def net_service(self, host: Host, host_name: str) -> NetService:
        assert self.service.net_service is not None
        return self.service.net_service(
            ServiceContext(
                conf=self.cloud.conf,
                host_name=host_name,
                host=host,
                client=self.client,
                state_dir=str(self.state_dir),
            )
        )


@contextlib.contextmanager
def bench(
    directory: Path,
    database_url: str,
    module: str,
    options: Mapping[str, Any],
    host_name: str,
    other_options: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> Iterator[Bench]:
    """``module`` is listed in a nova-network.conf, and is the default; ``options`` are its own,
    ``other_options`` those of other groups."""
    listing = directory / "nova-network.conf"
    listing.write_text(f"{module}\n{other.__name__}\n")
    conf = configuration.load(config_files=[])
    for name, value in {
        "network_service_conf": str(listing),
        "default_network_service": module,
        "state_path": str(directory),
        "host": host_name,
    }.items():
        conf.set_override(name, value)
    conf.set_override("connection", database_url, group="database")
    catalogue = load_catalogue(conf)
    service = catalogue.default
    for group, values in {service.name: options, **other_options}.items():
        for name, value in values.items():
            conf.set_override(name, value, group=group)
    with contextlib.closing(Cloud(conf, catalogue)) as cloud:
        for lineage in cloud.lineages:
            migrations.upgrade(cloud.database, lineage)
        told = Told()
        net_api = cloud.net_api(service.name, told)
        server = Server(build_app(conf, [(service.name, net_api.routes)]))
        server.start()
        try:
            client = make_client(conf, server.url).below(service.name)
            yield Bench(cloud, service, net_api, client, told, directory)
        finally:
            server.stop()
