"""What tells flat, flat_dhcp and vlan apart; all else about them is the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Traits:
    """``serves``: it has a net-service (DHCP, gateway, NAT, floating IPs). ``own_networks``: each
    project gets networks of its own, each on a VLAN; otherwise a network without a project is for
    all projects of the service."""

    name: str
    serves: bool
    own_networks: bool
