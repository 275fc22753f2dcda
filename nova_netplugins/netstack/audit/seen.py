"""What there is: netstack's records, and all that is ours in Melange and at layer 2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oslo_config import cfg

from nova_netplugins.netstack import melange_reclaim
from nova_netplugins.netstack.audit import records
from nova_netplugins.netstack.audit.records import Row, Span
from nova_netplugins.netstack.base import Operations
from nova_netplugins.netstack.deployment import Deployment
from nova_netplugins.netstack.l2 import GATEWAY_OWNER, NIC_OWNER, L2Network, L2Port
from nova_netplugins.netstack.l2_errors import PortNotFound
from nova_netplugins.netstack.model import Block, Interface


@dataclass(frozen=True)
class Seen:
    """``ports``: by id, those of all who have our device owners. ``interfaces``: by id, those with
    our tag; ``strays``: those of living NICs that have none. ``blocks``: with our tag.
    ``addresses``: those in use in our networks, of whomever, by network and address."""

    options: cfg.GroupAttr
    deployment: Deployment
    span: Span
    ports: Mapping[str, L2Port]
    l2_networks: Sequence[L2Network]
    interfaces: Mapping[str, Interface]
    strays: Mapping[str, Interface]
    blocks: Sequence[Block]
    addresses: Mapping[tuple[str, str], Mapping[str, Any]]

    def holder(self, network_id: str, address: str) -> str | None:
        """The interface that Melange gives the address to; None: it is free."""
        found = self.addresses.get((network_id, address))
        return None if found is None else found["interface_id"] or "without a name"


def look(operations: Operations) -> Seen:
    """Changes nothing, and holds up nobody. Raises what the two services do when they do not
    answer: then nothing is known."""
    before = records.read(operations)
    melange, tag = operations.melange, operations.deployment.tag
    tenants = sorted({*before.projects, operations.options.default_tenant})
    ports = [
        port
        for owner in (NIC_OWNER, GATEWAY_OWNER)
        for port in operations.l2.list_ports(device_owner=owner)
    ]
    l2_networks = operations.l2.list_networks()
    interfaces = [one for tenant in tenants for one in melange.interfaces(tenant, tags=tag)]
    blocks = [
        one for tenant in tenants for one in melange_reclaim.blocks_tagged(melange, tenant, tag)
    ]
    addresses = {
        (network_id, one["address"]): one
        for network_id in sorted(before.networks)
        for one in melange.allocated(network_id)
    }
    span = Span(before, records.read(operations))
    known = {one.id: one for one in interfaces}
    return Seen(
        options=operations.options,
        deployment=operations.deployment,
        span=span,
        ports=_with_others(operations, span, {port.id: port for port in ports}),
        l2_networks=l2_networks,
        interfaces=known,
        strays=_strays(operations, span, known),
        blocks=blocks,
        addresses=addresses,
    )


def _with_others(
    operations: Operations, span: Span, ports: Mapping[str, L2Port]
) -> dict[str, L2Port]:
    """With the ports of living NICs that somebody has given another device owner."""
    found = dict(ports)
    for nic in span.steady_nics():
        if nic["port_id"] is not None and nic["port_id"] not in ports:
            try:
                found[nic["port_id"]] = operations.l2.get_port(nic["port_id"])
            except PortNotFound:
                continue
    return found


def _strays(
    operations: Operations, span: Span, tagged: Mapping[str, Interface]
) -> dict[str, Interface]:
    lacking: list[Row] = [nic for nic in span.steady_nics() if nic["id"] not in tagged]
    found = [operations.melange.find_interface(nic["project_id"], nic["id"]) for nic in lacking]
    return {one.id: one for one in found if one is not None}
