"""netstack: addresses from Melange, layer 2 from Quantum (Neutron), nothing of either its own."""

from __future__ import annotations

from pathlib import Path

from oslo_config import cfg

from nova_netplugins.netstack import conf as options
from nova_netplugins.netstack import manage
from nova_netplugins.netstack.agent import NetstackAgent
from nova_netplugins.netstack.net_api import NetstackNetApi
from nova_netplugins.netstack.service import NetstackService
from nova_netplugins.netstack.tables import METADATA
from nova_netplugins.plugin import NetworkService


def network_service(conf: cfg.ConfigOpts) -> NetworkService:
    options.register(conf)
    return NetworkService(
        name=options.GROUP,
        net_api=NetstackNetApi,
        net_agent=NetstackAgent,
        net_service=NetstackService,
        metadata=METADATA,
        migrations=str(Path(__file__).with_name("migrations")),
        config_opts=options.OPTS,
        manage_commands=manage.add_commands,
    )


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """For ``oslo-config-generator``."""
    return [
        (options.GROUP, options.OPTS),
        (options.QUANTUM_GROUP, options.QUANTUM_OPTS),
        (options.MELANGE_GROUP, options.MELANGE_OPTS),
    ]
