"""Nova's metadata service for the instances of the networks that a host serves."""

from __future__ import annotations

from netkit.errors import ServiceError
from nova_netplugins import errors, plugin
from nova_netplugins.host.metadata import Instance, MetadataProxy


class Metadata:
    """Which instance asks is told by the network it asks from and its address there."""

    def __init__(self, context: plugin.ServiceContext) -> None:
        self._client = context.client
        gateway = context.conf.gateway
        self._proxy = MetadataProxy(
            gateway.metadata_host,
            gateway.metadata_port,
            gateway.metadata_proxy_shared_secret,
            self._find_instance,
            listeners=context.host.metadata_listeners(),
        )
        self.ensure = self._proxy.ensure
        self.remove = self._proxy.remove
        self.close = self._proxy.close

    def _find_instance(self, network_id: str, address: str) -> Instance | None:
        try:
            fixed = self._client.get(f"/fixed_ips/{address}", network_id=network_id)["fixed_ip"]
            if fixed["virtual_nic_id"] is None:
                return None
            nic = self._client.get(f"/virtual_nics/{fixed['virtual_nic_id']}")["virtual_nic"]
        except ServiceError as error:
            if error.code in (errors.FixedIpNotFound.code, errors.VirtualNicNotFound.code):
                return None
            raise
        if nic["instance_id"] is None:
            return None
        return Instance(nic["instance_id"], nic["project_id"])
