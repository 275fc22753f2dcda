"""A network service that a project may have instead of the one under test. It does nothing."""

from __future__ import annotations

from typing import Any

from oslo_config import cfg

from nova_netplugins.plugin import NetworkService

NAME = "contract_other"


def _nothing(_context: Any) -> Any:
    return None


def network_service(conf: cfg.ConfigOpts) -> NetworkService:
    return NetworkService(name=NAME, net_api=_nothing, net_agent=_nothing)
