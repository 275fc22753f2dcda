"""The management tool of an Ethernet service: ``nova-netplugins-manage <service> network create
...``.

Options have the names they had in nova-manage.
"""

from __future__ import annotations

from nova_netplugins.ethernet.manage import addresses, networks, purge
from nova_netplugins.ethernet.manage.parsing import Actions
from nova_netplugins.ethernet.traits import Traits


def add_commands(traits: Traits, nouns: Actions) -> None:
    networks.add_network(traits, nouns)
    addresses.add_fixed(nouns)
    if traits.serves:
        addresses.add_floating(nouns)
    purge.add_purge(nouns)
