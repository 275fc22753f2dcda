"""The net-api of flat, flat_dhcp and vlan."""

from __future__ import annotations

from netkit.wsgi.routing import Mapper
from nova_netplugins.ethernet import routes
from nova_netplugins.ethernet.operations.addresses import AddressOperations
from nova_netplugins.ethernet.operations.floating import FloatingOperations
from nova_netplugins.ethernet.operations.networks import NetworkOperations
from nova_netplugins.ethernet.operations.nics import NicOperations
from nova_netplugins.ethernet.operations.purging import PurgeOperations


class EthernetNetApi(
    NetworkOperations, NicOperations, AddressOperations, FloatingOperations, PurgeOperations
):
    """``plugin.NetApi``, and what the REST routes and the management tool of the three services
    need besides."""

    def routes(self, mapper: Mapper) -> None:
        routes.add(self, mapper)
