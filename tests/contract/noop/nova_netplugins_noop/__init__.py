"""noop: a network service that gives instances virtual NICs and connects them to nothing.

Name the module ``nova_netplugins_noop`` in nova-network.conf.
"""

from __future__ import annotations

from pathlib import Path

from oslo_config import cfg

from nova_netplugins.plugin import NetworkService
from nova_netplugins_noop.manage import add_commands
from nova_netplugins_noop.net_agent import NoopAgent
from nova_netplugins_noop.net_api import NoopApi
from nova_netplugins_noop.networks import OPTS
from nova_netplugins_noop.tables import NAME, metadata


def network_service(conf: cfg.ConfigOpts) -> NetworkService:
    return NetworkService(
        name=NAME,
        net_api=NoopApi,
        net_agent=NoopAgent,
        metadata=metadata,
        migrations=str(Path(__file__).with_name("migrations")),
        config_opts=OPTS,
        manage_commands=add_commands,
    )
