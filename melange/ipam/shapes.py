"""Objects as the API shows them (and the audit log keeps them): dicts of plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from melange.ipam.addresses import Address
    from melange.ipam.blocks import Block
    from melange.ipam.interfaces import Interface


def ip_block(block: Block, tags: list[str] | None = None) -> dict[str, Any]:
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
