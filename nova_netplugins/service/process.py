"""The net-service daemon with all it needs, made from a configuration."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from oslo_config import cfg

from nova_netplugins.backoff import sync_interval
from nova_netplugins.bus import Bus
from nova_netplugins.catalogue import Catalogue
from nova_netplugins.client import Client
from nova_netplugins.host.driver import Host
from nova_netplugins.plugin import NetService, ServiceContext
from nova_netplugins.service.daemon import Service

LOG = logging.getLogger(__name__)


class ServiceProcess:
    """``start`` and ``stop`` it once."""

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        catalogue: Catalogue,
        bus: Bus,
        client: Client,
        host: Host,
    ) -> None:
        self._conf = conf
        self._bus = bus
        self._client = client
        self._host = host
        self.service = Service(
            {
                service.name: self._net_service(service.name, service.net_service)
                for service in catalogue.services
                if service.net_service is not None
            },
            sync_interval(conf.service.sync_interval, bus.carries_prompts),
            conf.service.workers,
        )
        self._thread = threading.Thread(target=self.service.run, name="service", daemon=True)

    def start(self) -> None:
        self._bus.listen_as_service(self._conf.host, self.service)
        self._thread.start()
        LOG.info("net-service works on host %s", self._conf.host)

    def stop(self) -> None:
        """DHCP servers, addresses and rules stay and keep serving."""
        self.service.stop()
        self._thread.join()

    def _net_service(self, name: str, make: Callable[[ServiceContext], NetService]) -> NetService:
        state_dir = Path(self._conf.state_path) / "networks" / name
        state_dir.mkdir(parents=True, exist_ok=True)
        context = ServiceContext(
            conf=self._conf,
            host_name=self._conf.host,
            host=self._host,
            client=self._client.below(name),
            state_dir=str(state_dir),
        )
        return make(context)
