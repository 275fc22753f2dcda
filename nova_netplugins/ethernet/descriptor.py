"""The descriptor of an Ethernet service, from what tells it apart."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from oslo_config import cfg

from nova_netplugins import plugin
from nova_netplugins.ethernet import manage
from nova_netplugins.ethernet.agent import EthernetAgent
from nova_netplugins.ethernet.net_api import EthernetNetApi
from nova_netplugins.ethernet.service import EthernetService
from nova_netplugins.ethernet.tables import EthernetTables
from nova_netplugins.ethernet.traits import Traits


def network_service(
    traits: Traits, tables: EthernetTables, opts: Sequence[cfg.Opt], module_file: str
) -> plugin.NetworkService:
    """``module_file``: the service's ``__init__.py``; its migrations are in ``migrations`` beside
    it."""
    serves = functools.partial(EthernetService, traits) if traits.serves else None
    return plugin.NetworkService(
        name=traits.name,
        net_api=functools.partial(EthernetNetApi, traits, tables),
        net_agent=functools.partial(EthernetAgent, traits),
        net_service=serves,
        metadata=tables.metadata,
        migrations=str(Path(module_file).with_name("migrations")),
        config_opts=opts,
        manage_commands=functools.partial(manage.add_commands, traits),
    )
