"""Rows as the contract's objects. What a service's agents need beyond the contract is in
``Network.attributes``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nova_netplugins import plugin
from nova_netplugins.ethernet.rows import Row

ATTRIBUTES = (
    "bridge",
    "bridge_interface",
    "vlan",
    "injected",
    "share_address",
    "dhcp_options",
    "priority",
)


def network(row: Row) -> plugin.Network:
    return plugin.Network(
        id=row["id"],
        label=row["label"],
        project_id=row["project_id"],
        subnets=tuple(_subnets(row)),
        mtu=row["mtu"],
        host=row["host"],
        multi_host=row["multi_host"],
        attributes={name: row[name] for name in ATTRIBUTES} | {"dhcp": row["enable_dhcp"]},
    )


def _subnets(row: Row) -> Iterable[plugin.Subnet]:
    dns = tuple(server for server in (row["dns1"], row["dns2"]) if server)
    if row["cidr"] is not None:
        server = row["dhcp_server"] if row["enable_dhcp"] else None
        yield plugin.Subnet(4, row["cidr"], row["gateway"], dns, server)
    if row["cidr_v6"] is not None:
        yield plugin.Subnet(6, row["cidr_v6"], row["gateway_v6"])


def virtual_nic(
    card: Any, fixed_ips: Iterable[plugin.FixedIp], attributes: Mapping[str, Any] | None = None
) -> plugin.VirtualNic:
    """``card``: the row of a virtual NIC."""
    return plugin.VirtualNic(
        id=card["id"],
        network_id=card["network_id"],
        project_id=card["project_id"],
        mac_address=card["mac_address"],
        instance_id=card["instance_id"],
        host=card["host"],
        device=plugin.device_name(card["id"]),
        hostname=card["hostname"],
        status=card["status"],
        default_route=card["default_route"],
        fixed_ips=tuple(fixed_ips),
        attributes=attributes or {},
    )


def fixed_ips(rows: Iterable[Mapping[Any, Any]]) -> list[plugin.FixedIp]:
    return [plugin.FixedIp(row["address"], row["version"]) for row in rows]


def floating_ip(row: Row) -> plugin.FloatingIp:
    return plugin.FloatingIp(
        id=row["id"],
        address=row["address"],
        pool=row["pool"],
        project_id=row["project_id"],
        virtual_nic_id=row["ethernet_card_id"],
        fixed_address=row["fixed_address"],
    )
