"""Every route of an Ethernet service's REST API, below ``/v1.0/<service>``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.wsgi.routing import Mapper, Route
from nova_netplugins.ethernet.rest import (
    addresses,
    floating_ips,
    hosts,
    instance_nics,
    lent_ips,
    networks,
    virtual_nics,
)

if TYPE_CHECKING:
    from nova_netplugins.ethernet.net_api import EthernetNetApi


def add(api: EthernetNetApi, mapper: Mapper) -> None:
    """flat has the floating routes too: they answer that it does not support them (501)."""
    _networks(networks.Networks(api), mapper)
    _virtual_nics(virtual_nics.VirtualNics(api), mapper)
    _addresses(addresses.Ports(api), addresses.FixedIps(api), mapper)
    _floating_ips(floating_ips.FloatingIps(api), mapper)
    _hosts(hosts.Hosts(api), mapper)


def _networks(handle: networks.Networks, mapper: Mapper) -> None:
    one = "/networks/{network_id}"
    mapper.add(
        Route("GET", "/networks", handle.index, "networks:list", query_schema=networks.LIST),
        Route("POST", "/networks", handle.create, "networks:create", networks.CREATE),
        Route("GET", one, handle.show, "networks:show"),
        Route("PUT", one, handle.update, "networks:update", networks.UPDATE),
        Route("DELETE", one, handle.delete, "networks:delete", query_schema=networks.DELETE),
    )


def _virtual_nics(handle: virtual_nics.VirtualNics, mapper: Mapper) -> None:
    one = "/virtual_nics/{virtual_nic_id}"
    instance = "/instances/{instance_id}/virtual_nics"
    mapper.add(
        Route(
            "GET",
            "/virtual_nics",
            handle.index,
            "virtual_nics:list",
            query_schema=instance_nics.LIST,
        ),
        Route("POST", "/virtual_nics", handle.create, "virtual_nics:create", virtual_nics.CREATE),
        Route("GET", one, handle.show, "virtual_nics:show"),
        Route("PUT", one, handle.update, "virtual_nics:update", instance_nics.UPDATE),
        Route("DELETE", one, handle.delete, "virtual_nics:delete"),
        Route("PUT", f"{one}/binding", handle.bind, "virtual_nics:bind", instance_nics.BIND),
        Route("PUT", f"{one}/status", handle.report, "virtual_nics:report", instance_nics.REPORT),
        Route("GET", instance, handle.of_instance, "instances:list"),
        Route("POST", instance, handle.allocate, "instances:create", instance_nics.ALLOCATE),
        Route("DELETE", instance, handle.deallocate, "instances:delete"),
        Route("PUT", f"{instance}/{{virtual_nic_id}}", handle.attach, "instances:attach"),
        Route("DELETE", f"{instance}/{{virtual_nic_id}}", handle.detach, "instances:detach"),
    )


def _addresses(ports: addresses.Ports, fixed_ips: addresses.FixedIps, mapper: Mapper) -> None:
    port = "/ports/{port_id}"
    fixed = "/fixed_ips/{address}"
    mapper.add(
        Route("GET", "/ports", ports.index, "ports:list", query_schema=addresses.LIST_PORTS),
        Route("POST", "/ports", ports.create, "ports:create", addresses.CREATE_PORT),
        Route("GET", port, ports.show, "ports:show"),
        Route("PUT", port, ports.update, "ports:update", addresses.UPDATE_PORT),
        Route("DELETE", port, ports.delete, "ports:delete"),
        Route(
            "GET",
            "/fixed_ips",
            fixed_ips.index,
            "fixed_ips:list",
            query_schema=addresses.LIST_FIXED_IPS,
        ),
        Route("GET", fixed, fixed_ips.show, "fixed_ips:show", query_schema=addresses.ON_NETWORK),
        Route(
            "PUT", f"{fixed}/reservation", fixed_ips.reserve, "fixed_ips:reserve", addresses.RESERVE
        ),
        Route(
            "DELETE",
            f"{fixed}/reservation",
            fixed_ips.unreserve,
            "fixed_ips:unreserve",
            query_schema=addresses.ON_NETWORK,
        ),
    )


def _floating_ips(handle: floating_ips.FloatingIps, mapper: Mapper) -> None:
    one = "/floating_ips/{address}"
    association = f"{one}/association"
    mapper.add(
        Route(
            "GET",
            "/floating_ips",
            handle.index,
            "floating_ips:list",
            query_schema=lent_ips.LIST,
        ),
        Route("POST", "/floating_ips", handle.create, "floating_ips:create", lent_ips.CREATE),
        Route("GET", one, handle.show, "floating_ips:show"),
        Route("DELETE", one, handle.delete, "floating_ips:delete"),
        Route("PUT", association, handle.associate, "floating_ips:associate", lent_ips.ASSOCIATE),
        Route("DELETE", association, handle.disassociate, "floating_ips:disassociate"),
        Route("GET", "/floating_ip_pools", handle.pools, "floating_ip_pools:list"),
        Route("GET", "/floating_ranges", handle.ranges, "floating_ranges:list"),
        Route(
            "POST",
            "/floating_ranges",
            handle.create_range,
            "floating_ranges:create",
            floating_ips.CREATE_RANGE,
        ),
        Route(
            "DELETE", "/floating_ranges/{range_id}", handle.delete_range, "floating_ranges:delete"
        ),
    )


def _hosts(handle: hosts.Hosts, mapper: Mapper) -> None:
    served = "/hosts/{host}/networks"
    mapper.add(
        Route("PUT", served, handle.claim, "hosts:serve"),
        Route(
            "GET",
            f"{served}/{{network_id}}",
            handle.describe,
            "hosts:serve",
            query_schema=hosts.DESCRIBE,
        ),
        Route("PUT", f"{served}/{{network_id}}/leases", handle.leases, "hosts:serve", hosts.LEASES),
    )
