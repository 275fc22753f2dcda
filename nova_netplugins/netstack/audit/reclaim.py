"""Takes away what belongs to nobody, after one more look at it: what somebody uses stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlalchemy as sa

from nova_netplugins.netstack import l2_errors, melange_reclaim
from nova_netplugins.netstack.audit import findings as kinds
from nova_netplugins.netstack.audit import halves, records
from nova_netplugins.netstack.audit.findings import Finding, Kind
from nova_netplugins.netstack.audit.kept import CHANGED, IN_USE, Kept
from nova_netplugins.netstack.base import Operations
from nova_netplugins.netstack.l2 import L2Port
from nova_netplugins.netstack.tables import VIRTUAL_NICS

GONE = "it is gone"


def reclaim(operations: Operations, finding: Finding) -> str:
    """Says what was done. Raises Kept, and what the two services do."""
    return _RECLAIM[finding.kind](operations, finding)


def _port(operations: Operations, finding: Finding) -> str:
    seen = finding.subject
    try:
        port = operations.l2.get_port(seen.id)
    except l2_errors.PortNotFound:
        return GONE
    if _identity(port) != _identity(seen):
        raise Kept(CHANGED)
    nic_id = operations.deployment.nic_of(port.name)
    now = records.read(operations)
    if nic_id is None or nic_id in now.spoken_of:
        raise Kept(IN_USE)
    nic = now.nics.get(nic_id)
    if nic is not None and nic["port_id"] in (None, port.id):
        raise Kept(IN_USE)
    operations.l2.delete_port(port.id)
    return "the port is deleted"


def _identity(port: L2Port) -> tuple[str, ...]:
    return port.name, port.device_id, port.device_owner, port.mac_address


def _interface(operations: Operations, finding: Finding) -> str:
    looked = melange_reclaim.look_at_interface(operations.melange, finding.subject)
    now = records.read(operations)
    if finding.id in now.nics or finding.id in now.spoken_of:
        raise Kept(IN_USE)
    if looked is None:
        return GONE
    if not melange_reclaim.is_ours(operations.deployment, looked, now.rolled_back):
        raise Kept(CHANGED)
    if not melange_reclaim.delete_interface(operations.melange, looked):
        raise Kept(CHANGED)
    return "the interface is deleted"


def _l2_network(operations: Operations, finding: Finding) -> str:
    try:
        network = operations.l2.get_network(finding.id)
    except l2_errors.NetworkNotFound:
        return GONE
    intent_id = operations.deployment.intent_of(network.key)
    if intent_id is None:
        raise Kept(CHANGED)
    now = records.read(operations)
    if network.id in now.networks or {network.id, intent_id} & now.spoken_of:
        raise Kept(IN_USE)
    try:
        operations.l2.delete_network(network.id)
    except l2_errors.NetworkInUse:
        raise Kept("ports are on it; whose they are, their device owners say") from None
    return "the layer 2 network is deleted"


def _block(operations: Operations, finding: Finding) -> str:
    looked = melange_reclaim.look_at_block(operations.melange, finding.subject)
    if looked is None:
        return GONE
    now = records.read(operations)
    network_id = looked.value.network_id
    if network_id in now.networks or network_id in now.spoken_of:
        raise Kept(IN_USE)
    if operations.deployment.tag not in looked.tags:
        raise Kept(CHANGED)
    if network_id is None or _is_at_layer_2(operations, network_id):
        raise Kept("somebody uses it for something else; take our tag off it, or delete it")
    if melange_reclaim.block_is_in_use(operations.melange, looked.value):
        raise Kept("addresses of it are in use; release them first")
    if not melange_reclaim.delete_block(operations.melange, looked):
        raise Kept(CHANGED)
    return "the block is deleted"


def _is_at_layer_2(operations: Operations, network_id: str) -> bool:
    try:
        operations.l2.get_network(network_id)
    except l2_errors.NetworkNotFound:
        return False
    return True


def _association(operations: Operations, finding: Finding) -> str:
    def forget(connection: sa.Connection) -> None:
        nic = sa.select(VIRTUAL_NICS.c.id).where(VIRTUAL_NICS.c.id == finding.id)
        if connection.scalar(nic.with_for_update()) is not None:
            raise Kept(IN_USE)
        operations.associations.detach(connection, finding.id)

    if finding.id in records.read(operations).spoken_of:
        raise Kept(IN_USE)
    operations.run(forget)
    return "the association is forgotten"


_RECLAIM: Mapping[Kind, Callable[[Operations, Finding], str]] = {
    kinds.PORT_WITHOUT_NIC: _port,
    kinds.SECOND_PORT: _port,
    kinds.INTERFACE_WITHOUT_NIC: _interface,
    kinds.ADDRESS_OF_GONE_INTERFACE: _interface,
    kinds.NETWORK_WITHOUT_ROW: _l2_network,
    kinds.BLOCK_OF_GONE_NETWORK: _block,
    kinds.ASSOCIATION_WITHOUT_NIC: _association,
    kinds.HALF_NIC: halves.delete_nic,
    kinds.HALF_NETWORK: halves.delete_network,
}
