"""A cloud of one host, in this process: net-api behind REST, agent, service, bus; a fake host."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oslo_config import cfg

from netkit import migrations
from netkit.wsgi.server import Server
from nova_netplugins import conf as configuration
from nova_netplugins.agent.process import AgentProcess
from nova_netplugins.api.application import make_application
from nova_netplugins.bus import Bus
from nova_netplugins.catalogue import Catalogue
from nova_netplugins.client import Client, make_client
from nova_netplugins.cloud import Cloud
from nova_netplugins.host.fake_host import FakeHost
from nova_netplugins.plugin import NetworkService
from nova_netplugins.service.process import ServiceProcess

# Long: what a test sees within its time was not found out at an interval.
LONG = 3600.0


def configure(
    state_path: Path, transport_url: str | None = None, **settings: Any
) -> cfg.ConfigOpts:
    """``settings`` are those of ``[agent]`` and ``[service]``, as in ``agent_sync_interval=1``."""
    state_path.mkdir(parents=True, exist_ok=True)
    file = state_path / "cell.conf"
    lines = ["[DEFAULT]", f"state_path = {state_path}", "host = here"]
    lines += [f"transport_url = {transport_url}"] if transport_url else []
    lines += ["[api]", "bind_port = 0"]
    for group in ("agent", "service"):
        interval = settings.get(f"{group}_sync_interval", LONG)
        lines += [f"[{group}]", f"sync_interval = {interval}"]
        if group == "agent":
            lines.append(f"service_timeout = {settings.get('service_timeout', 5)}")
    file.write_text("\n".join(lines))
    return configuration.load([], config_files=[str(file)])


@dataclass
class Cell:
    conf: cfg.ConfigOpts
    catalogue: Catalogue
    bus: Bus
    client: Client
    host: FakeHost
    url: str

    def new_agent(self, bus: Bus | None = None) -> AgentProcess:
        """Not started; as after a restart, for it knows nothing."""
        return AgentProcess(
            self.conf, self.catalogue, bus or self.bus, self.client, self.host, watch_links=False
        )

    def new_service(self, bus: Bus | None = None) -> ServiceProcess:
        return ServiceProcess(self.conf, self.catalogue, bus or self.bus, self.client, self.host)


@contextlib.contextmanager
def cell(conf: cfg.ConfigOpts, *services: NetworkService) -> Iterator[Cell]:
    """The first service is the default one. Daemons are for the test to start."""
    catalogue = Catalogue(services, services[0])
    with (
        contextlib.closing(Cloud(conf, catalogue)) as cloud,
        contextlib.closing(Bus(conf)) as bus,
    ):
        for lineage in cloud.lineages:
            migrations.upgrade(cloud.database, lineage)
        server = Server(make_application(cloud, bus))
        server.start()
        try:
            yield Cell(conf, catalogue, bus, make_client(conf, server.url), FakeHost(), server.url)
        finally:
            server.stop()


@contextlib.contextmanager
def running(*processes: AgentProcess | ServiceProcess) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for process in processes:
            process.start()
            stack.callback(process.stop)
        yield
