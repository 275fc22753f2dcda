"""net-api, net-service and net-agent of one host in one process, with the bus inside it."""

from __future__ import annotations

import contextlib
import logging

from oslo_config import cfg

from netkit.wsgi.server import Server
from nova_netplugins.agent.process import AgentProcess
from nova_netplugins.api.application import make_application
from nova_netplugins.bus import Bus
from nova_netplugins.catalogue import Catalogue
from nova_netplugins.client import make_client
from nova_netplugins.cloud import Cloud
from nova_netplugins.host.driver import Host
from nova_netplugins.service.process import ServiceProcess

LOG = logging.getLogger(__name__)


class Standalone:
    """``host`` None: net-api alone, for a machine whose links this process may not change.

    As a context manager it is started and stopped. Raises what ``Cloud``, ``Bus`` and
    ``make_application`` do, and ``OSError`` when the API's address is taken.
    """

    def __init__(self, conf: cfg.ConfigOpts, catalogue: Catalogue, host: Host | None) -> None:
        self._conf = conf
        self._catalogue = catalogue
        self._host = host
        self._running = contextlib.ExitStack()
        self.url = ""

    def __enter__(self) -> Standalone:
        with contextlib.ExitStack() as starting:
            self._start(starting)
            self._running = starting.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def _start(self, running: contextlib.ExitStack) -> None:
        cloud = running.enter_context(contextlib.closing(Cloud(self._conf, self._catalogue)))
        bus = running.enter_context(contextlib.closing(Bus(self._conf)))
        server = make_server(self._conf, cloud, bus)
        server.start()
        running.callback(server.stop)
        self.url = server.url
        LOG.info("net-api listens on %s", server.url)
        if self._host is None:
            return
        client = make_client(self._conf, endpoint=server.url)
        parts = (self._conf, self._catalogue, bus, client, self._host)
        # The service first: it is there when the agent asks it to serve.
        for process in (ServiceProcess(*parts), AgentProcess(*parts)):
            process.start()
            running.callback(process.stop)


def make_server(conf: cfg.ConfigOpts, cloud: Cloud, bus: Bus) -> Server:
    """net-api where ``[api]`` says. Raises ``OSError`` when the address is taken."""
    return Server(
        make_application(cloud, bus),
        host=conf.api.bind_host,
        port=conf.api.bind_port,
        unix_socket=conf.api.unix_socket,
        threads=conf.api.threads,
        max_body=conf.api.max_request_body_size,
    )
