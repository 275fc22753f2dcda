"""The management tool of netstack: ``nova-netplugins-manage netstack network create ...``, one
module a noun."""

from __future__ import annotations

from nova_netplugins.ethernet.manage.parsing import Actions
from nova_netplugins.netstack.manage import (
    addresses,
    audit,
    dhcp,
    floating,
    networks,
    nics,
    reconcile,
    subnets,
)

NOUNS = (networks, subnets, nics, floating, addresses, dhcp, reconcile, audit)
"""Each has ``add(nouns)``."""


def add_commands(nouns: Actions) -> None:
    for noun in NOUNS:
        noun.add(nouns)
