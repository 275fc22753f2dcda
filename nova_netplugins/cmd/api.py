"""``nova-netplugins-api``: the net-api server."""

from __future__ import annotations

import contextlib
import logging

from oslo_config import cfg

from netkit.process import StopSignal
from nova_netplugins.bus import Bus
from nova_netplugins.catalogue import Catalogue
from nova_netplugins.cloud import Cloud
from nova_netplugins.cmd import daemon
from nova_netplugins.standalone import make_server

LOG = logging.getLogger(__name__)


def main() -> int:
    return daemon.run("nova-netplugins-api", _serve)


def _serve(conf: cfg.ConfigOpts, catalogue: Catalogue, stop: StopSignal) -> None:
    with stop.ending_at_once():
        # A database that is away is tried again and again.
        opened = Cloud(conf, catalogue)
    with contextlib.closing(opened) as cloud, contextlib.closing(Bus(conf)) as bus:
        server = make_server(conf, cloud, bus)
        server.start()
        LOG.info("net-api listens on %s", server.url)
        stop.wait()
        server.stop()
