"""Objects as the API shows them (and the audit log keeps them): dicts of plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from melange.ipam.addresses import Address
    from melange.ipam.blocks import Block
    from melange.ipam.dhcp_options import DhcpOption
    from melange.ipam.interfaces import Interface
    from melange.ipam.macs import MacRange
    from melange.ipam.policies import Policy
    from melange.ipam.routes import IpRoute
    from melange.ipam.unusable import IpOctet, IpRange


def ip_block(block: Block, tags: list[str] | None = None) -> dict[str, Any]:
    """``tags`` None: without them."""
    tagged = {} if tags is None else {"tags": tags}
    return {
        "id": block.id,
        "cidr": block.cidr,
        "network_id": block.network_id,
        "policy_id": block.policy_id,
        "tenant_id": block.tenant_id,
        "gateway": block.gateway,
        "parent_id": block.parent_id,
        "type": block.type,
        "dns1": block.dns1,
        "dns2": block.dns2,
        "broadcast": block.broadcast,
        "netmask": block.netmask,
        "priority": block.priority,
        "shared": block.shared,
        **tagged,
        "created_at": block.created_at,
        "updated_at": block.updated_at,
    }


def ip_address(address: Address) -> dict[str, Any]:
    return {
        "id": address.id,
        "ip_block_id": address.ip_block_id,
        "address": address.address,
        "version": address.version,
        "used_by_tenant": address.used_by_tenant_id,
        "used_by_device": address.device_id,
        "interface_id": address.vif_id,
        "created_at": address.created_at,
        "updated_at": address.updated_at,
    }


def interface(
    found: Interface, mac_address: str | None, ip_addresses: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "id": found.shown_id,
        "device_id": found.device_id,
        "tenant_id": found.tenant_id,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "mac_address": mac_address,
        "ip_addresses": ip_addresses,
    }


def allocation(
    address: Address,
    block: Block,
    ip_routes: list[dict[str, Any]],
    dhcp_options: list[dict[str, Any]],
) -> dict[str, Any]:
    """An address with all that its interface has to know of the block."""
    return {
        "id": address.id,
        "interface_id": address.vif_id,
        "address": address.address,
        "version": address.version,
        "ip_block": {
            "id": block.id,
            "cidr": block.cidr,
            "broadcast": block.broadcast,
            "gateway": block.gateway,
            "network_id": block.network_id,
            "netmask": block.netmask,
            "dns1": block.dns1,
            "dns2": block.dns2,
            "ip_routes": ip_routes,
            "dhcp_options": dhcp_options,
        },
    }


def mac_address_range(found: MacRange) -> dict[str, Any]:
    return {
        "id": found.id,
        "cidr": found.cidr,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
    }


def policy(found: Policy) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "description": found.description,
        "tenant_id": found.tenant_id,
        "keep_deallocated_ips_for_days": found.keep_deallocated_ips_for_days,
        "ipv4_generator": found.ipv4_generator,
        "ipv6_generator": found.ipv6_generator,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
    }


def ip_range(found: IpRange) -> dict[str, Any]:
    return {
        "id": found.id,
        "offset": found.offset,
        "length": found.length,
        "policy_id": found.policy_id,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
    }


def ip_octet(found: IpOctet) -> dict[str, Any]:
    return {
        "id": found.id,
        "octet": found.octet,
        "policy_id": found.policy_id,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
    }


def ip_route(found: IpRoute) -> dict[str, Any]:
    return {
        "id": found.id,
        "destination": found.destination,
        "netmask": found.netmask,
        "gateway": found.gateway,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
    }


def dhcp_option(found: DhcpOption) -> dict[str, Any]:
    return {
        "id": found.id,
        "number": found.number,
        "name": found.name,
        "value": found.value,
    }
