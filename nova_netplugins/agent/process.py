"""The net-agent daemon with all it needs, made from a configuration."""

from __future__ import annotations

import logging
import threading

from oslo_config import cfg

from netkit.errors import ServiceError
from nova_netplugins.agent.daemon import Agent
from nova_netplugins.agent.watch import LinkWatch
from nova_netplugins.agent.wirings import Wirings
from nova_netplugins.backoff import sync_interval
from nova_netplugins.bus import Bus
from nova_netplugins.catalogue import Catalogue
from nova_netplugins.client import Client
from nova_netplugins.host.driver import Host
from nova_netplugins.plugin import AgentContext, NetAgent, NetworkService

LOG = logging.getLogger(__name__)


class AgentProcess:
    """``start`` and ``stop`` it once. ``watch_links`` False: for a host that announces nothing."""

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        catalogue: Catalogue,
        bus: Bus,
        client: Client,
        host: Host,
        *,
        watch_links: bool = True,
    ) -> None:
        self._conf = conf
        self._bus = bus
        self._client = client
        self._host = host
        self._wirings = Wirings(client, conf.host)
        self.agent = Agent(
            conf.host,
            {service.name: self._net_agent(service) for service in catalogue.services},
            self._wirings,
            host.links.exists,
            sync_interval(conf.agent.sync_interval, bus.carries_prompts),
        )
        self._watch: LinkWatch | None = None
        if watch_links:
            self._watch = LinkWatch(host.netns, self.agent.device_changed, self.agent.sync_soon)
        self._thread = threading.Thread(target=self.agent.run, name="agent", daemon=True)

    def start(self) -> None:
        # Before the first sync, or what happens during it would go unheard.
        if self._watch is not None:
            self._watch.start()
        self._bus.listen_as_agent(self._conf.host, self.agent)
        self._thread.start()
        LOG.info("net-agent works on host %s", self._conf.host)

    def stop(self) -> None:
        """Instances keep their traffic."""
        self.agent.stop()
        if self._watch is not None:
            self._watch.stop()
        self._thread.join()

    def _net_agent(self, service: NetworkService) -> NetAgent:
        name = service.name
        context = AgentContext(
            conf=self._conf,
            host_name=self._conf.host,
            host=self._host,
            client=self._client.below(name),
            wirings=lambda: self._wirings.of(name),
            report=lambda nic_id, status: self._report(name, nic_id, status),
            served=self._bus.served(name, self._conf.host, self._conf.agent.service_timeout),
        )
        return service.net_agent(context)

    def _report(self, service: str, nic_id: str, status: str) -> None:
        """What a net-agent reports is no reason for it to fail: the daemon reports it again."""
        try:
            self._wirings.report(service, nic_id, status)
        except ServiceError as error:
            LOG.info(
                "virtual NIC %s of %s: not yet reported %s: %s", nic_id, service, status, error
            )
