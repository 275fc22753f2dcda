"""Every route of netstack's REST API, below ``/v1.0/netstack``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.wsgi.routing import Mapper, Route
from nova_netplugins.ethernet.rest import instance_nics, lent_ips
from nova_netplugins.netstack.rest import (
    allowed_addresses,
    floating_ips,
    hosts,
    networks,
    ports,
    reconciliation,
    shared_addresses,
    virtual_nics,
)

if TYPE_CHECKING:
    from nova_netplugins.netstack.net_api import NetstackNetApi


def add(api: NetstackNetApi, mapper: Mapper) -> None:
    of_networks, of_nics = networks.Networks(api), virtual_nics.VirtualNics(api)
    _networks(of_networks, mapper)
    _virtual_nics(of_nics, mapper)
    _allowed_addresses(allowed_addresses.AllowedAddresses(api, of_nics), mapper)
    _shared_addresses(shared_addresses.SharedAddresses(api, of_networks), mapper)
    _ports(ports.Ports(api), ports.FixedIps(api), mapper)
    _floating_ips(floating_ips.FloatingIps(api), mapper)
    _hosts(hosts.Hosts(api), mapper)
    update = reconciliation.Reconciliation(api).update
    mapper.add(Route("PUT", "/reconciliation", update, "reconciliation:update"))


def _networks(handle: networks.Networks, mapper: Mapper) -> None:
    one = "/networks/{network_id}"
    subnet = f"{one}/subnets/{{subnet_id}}"
    mapper.add(
        Route("GET", "/networks", handle.index, "networks:list", query_schema=networks.LIST),
        Route("POST", "/networks", handle.create, "networks:create", networks.CREATE),
        Route("GET", one, handle.show, "networks:show"),
        Route("PUT", one, handle.update, "networks:update", networks.UPDATE),
        Route("DELETE", one, handle.delete, "networks:delete"),
        Route("GET", f"{one}/subnets", handle.subnets, "subnets:list"),
        Route(
            "POST",
            f"{one}/subnets",
            handle.create_subnet,
            "subnets:create",
            networks.CREATE_SUBNET,
        ),
        Route("DELETE", subnet, handle.delete_subnet, "subnets:delete"),
    )


def _virtual_nics(handle: virtual_nics.VirtualNics, mapper: Mapper) -> None:
    one = "/virtual_nics/{virtual_nic_id}"
    instance = "/instances/{instance_id}/virtual_nics"
    listed = instance_nics.LIST
    mapper.add(
        Route("GET", "/virtual_nics", handle.index, "virtual_nics:list", query_schema=listed),
        Route("GET", one, handle.show, "virtual_nics:show"),
        Route("PUT", one, handle.update, "virtual_nics:update", instance_nics.UPDATE),
        Route("DELETE", one, handle.delete, "virtual_nics:delete"),
        Route("PUT", f"{one}/binding", handle.bind, "virtual_nics:bind", instance_nics.BIND),
        Route("PUT", f"{one}/status", handle.report, "virtual_nics:report", instance_nics.REPORT),
        Route("GET", instance, handle.of_instance, "instances:list"),
        Route("POST", instance, handle.allocate, "instances:create", instance_nics.ALLOCATE),
        Route("DELETE", instance, handle.deallocate, "instances:delete"),
    )


def _allowed_addresses(handle: allowed_addresses.AllowedAddresses, mapper: Mapper) -> None:
    every = "/virtual_nics/{virtual_nic_id}/allowed_addresses"
    one = f"{every}/{{address}}"
    mapper.add(
        Route("GET", every, handle.index, "allowed_addresses:list"),
        Route("PUT", one, handle.create, "allowed_addresses:create"),
        Route("DELETE", one, handle.delete, "allowed_addresses:delete"),
    )


def _shared_addresses(handle: shared_addresses.SharedAddresses, mapper: Mapper) -> None:
    every = "/networks/{network_id}/shared_addresses"
    one = f"{every}/{{address}}"
    holder = f"{one}/holder"
    mapper.add(
        Route("GET", every, handle.index, "shared_addresses:list"),
        Route("POST", every, handle.create, "shared_addresses:create", shared_addresses.CREATE),
        Route("GET", one, handle.show, "shared_addresses:show"),
        Route("DELETE", one, handle.delete, "shared_addresses:delete"),
        Route("GET", holder, handle.holder, "holders:show"),
        Route("PUT", holder, handle.hold, "holders:update", shared_addresses.HOLD),
        Route("DELETE", holder, handle.resign, "holders:delete"),
    )


def _ports(port: ports.Ports, fixed: ports.FixedIps, mapper: Mapper) -> None:
    one, which = "/fixed_ips/{address}", ports.ON_NETWORK
    mapper.add(
        Route("GET", "/ports", port.index, "ports:list", query_schema=ports.LIST_PORTS),
        Route("GET", "/ports/{port_id}", port.show, "ports:show"),
        Route(
            "GET", "/fixed_ips", fixed.index, "fixed_ips:list", query_schema=ports.LIST_FIXED_IPS
        ),
        Route("GET", one, fixed.show, "fixed_ips:show", query_schema=which),
    )


def _floating_ips(handle: floating_ips.FloatingIps, mapper: Mapper) -> None:
    every, one = "/floating_ips", "/floating_ips/{address}"
    association = f"{one}/association"
    mapper.add(
        Route("GET", every, handle.index, "floating_ips:list", query_schema=lent_ips.LIST),
        Route("POST", every, handle.create, "floating_ips:create", lent_ips.CREATE),
        Route("GET", one, handle.show, "floating_ips:show"),
        Route("DELETE", one, handle.delete, "floating_ips:delete"),
        Route("PUT", association, handle.associate, "floating_ips:associate", lent_ips.ASSOCIATE),
        Route("DELETE", association, handle.disassociate, "floating_ips:disassociate"),
        Route("GET", "/floating_ip_pools", handle.pools, "floating_ip_pools:list"),
    )


def _hosts(handle: hosts.Hosts, mapper: Mapper) -> None:
    served, tunnel = "/hosts/{host}/networks", "/hosts/{host}/tunnel"
    one, may = f"{served}/{{network_id}}", hosts.DESCRIBE
    mapper.add(
        Route("PUT", served, handle.claim, "hosts:serve"),
        Route("GET", one, handle.describe, "hosts:serve", query_schema=may),
        Route("PUT", f"{one}/dhcp", handle.report, "hosts:serve", hosts.REPORT),
        Route("PUT", tunnel, handle.tunnel, "hosts:tunnel", hosts.TUNNEL),
    )
