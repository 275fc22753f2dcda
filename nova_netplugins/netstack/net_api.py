"""The net-api of netstack."""

from __future__ import annotations

from netkit.wsgi.routing import Mapper
from nova_netplugins.netstack import routes
from nova_netplugins.netstack.addresses import AddressOperations
from nova_netplugins.netstack.hosts import HostOperations
from nova_netplugins.netstack.reconciler import ReconcileOperations
from nova_netplugins.netstack.serving import ServingOperations


class NetstackNetApi(ReconcileOperations, AddressOperations, ServingOperations, HostOperations):
    """``plugin.NetApi``, and what netstack's REST routes and its management tool need besides."""

    def routes(self, mapper: Mapper) -> None:
        routes.add(self, mapper)
