"""What callers of an Ethernet service may wish for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class NetworkSpec:
    """A wish for ``num_networks`` networks; None: the service's default. Names and rules are those
    of Nova."""

    label: str
    cidr: str | None = None
    cidr_v6: str | None = None
    id: str | None = None
    project_id: str | None = None
    num_networks: int = 1
    network_size: int | None = None
    gateway: str | None = None
    gateway_v6: str | None = None
    dhcp_server: str | None = None
    allowed_start: str | None = None
    allowed_end: str | None = None
    fixed_cidr: str | None = None
    dns1: str | None = None
    dns2: str | None = None
    bridge: str | None = None
    bridge_interface: str | None = None
    vlan: int | None = None
    vlan_start: int | None = None
    mtu: int | None = None
    priority: int = 0
    multi_host: bool | None = None
    share_address: bool | None = None
    enable_dhcp: bool = True
    dhcp_options: Mapping[str, str] = field(default_factory=dict)
