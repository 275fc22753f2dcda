"""Melange for programs: every call of its v0.1 API, typed, over a keystoneauth1 session.

    melange = connect("http://localhost:9898")
    block = melange.ip_blocks.create("acme", "10.0.0.0/24")
    address = melange.ip_addresses.allocate("acme", block["id"], interface_id="vif-1")

This package needs keystoneauth1 and nothing else, nothing of the server either.
"""

from __future__ import annotations

from typing import Any

from keystoneauth1 import noauth
from keystoneauth1.adapter import Adapter
from keystoneauth1.session import Session

from melange.client import (
    errors,
    interfaces,
    ip_addresses,
    ip_blocks,
    policies,
    tenants,
    transport,
)
from melange.client.transport import Patience

__all__ = ["SERVICE_TYPE", "Client", "Patience", "connect", "errors"]

SERVICE_TYPE = "ipam"


class Client:
    """Melange, by the nouns of its API.

    ``session``: a keystoneauth1 session, with whatever authentication. ``adapter_options``: those
    of ``keystoneauth1.adapter.Adapter``, such as ``endpoint_override``, ``region_name``,
    ``interface``, ``auth``; without ``endpoint_override`` the endpoint is that of service type
    ``ipam`` in Keystone's catalogue. It may name the service's root or its ``/v0.1``. May be used
    by many threads.
    """

    def __init__(
        self, session: Session, *, patience: Patience | None = None, **adapter_options: Any
    ) -> None:
        options = {"service_type": SERVICE_TYPE, **adapter_options}
        http = transport.Transport(Adapter(session, **options), patience or Patience())
        self.ip_blocks = ip_blocks.IpBlocks(http)
        self.subnets = ip_blocks.Subnets(http)
        self.ip_routes = ip_blocks.IpRoutes(http)
        self.dhcp_options = ip_blocks.DhcpOptions(http)
        self.ip_addresses = ip_addresses.IpAddresses(http)
        self.allocated_ip_addresses = ip_addresses.AllocatedIpAddresses(http)
        self.inside_globals = ip_addresses.InsideAddresses(http, collection="inside_globals")
        self.inside_locals = ip_addresses.InsideAddresses(http, collection="inside_locals")
        self.floating_ips = ip_addresses.FloatingIps(http)
        self.interfaces = interfaces.Interfaces(http)
        self.instance_interfaces = interfaces.InstanceInterfaces(http)
        self.mac_address_ranges = interfaces.MacAddressRanges(http)
        self.networks = interfaces.Networks(http)
        self.allowed_ips = interfaces.AllowedIps(http)
        self.policies = policies.Policies(http)
        self.unusable_ip_ranges = policies.UnusableIpRanges(http)
        self.unusable_ip_octets = policies.UnusableIpOctets(http)
        self.quotas = tenants.Quotas(http)
        self.tags = tenants.Tags(http)
        self.utilizations = tenants.Utilizations(http)
        self.audit = tenants.Audit(http)
        self.webhooks = tenants.Webhooks(http)
        self.extensions = tenants.Extensions(http)


def connect(endpoint: str, *, auth: Any = None, patience: Patience | None = None) -> Client:
    """A client of the Melange at ``endpoint`` (``http://localhost:9898``).

    ``auth``: a keystoneauth1 plug-in (``identity.Password``, ``http_basic.HTTPBasicAuth``, ...);
    none for a server with ``auth_strategy = noauth``.
    """
    session = Session(auth=auth or noauth.NoAuth(endpoint=endpoint), app_name="melange-client")
    return Client(session, patience=patience, endpoint_override=endpoint)
