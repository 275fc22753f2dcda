"""What each step of making a living NIC whole does: what Melange or layer 2 lost is made again,
with the same id, MAC address and addresses; what is there stays as it is."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import sqlalchemy as sa

from nova_netplugins import errors
from nova_netplugins.ethernet.rows import Row, utcnow
from nova_netplugins.netstack import gateways, intents, network_rows, nic_rows, nic_steps
from nova_netplugins.netstack.flow import Work
from nova_netplugins.netstack.l2 import L2Port
from nova_netplugins.netstack.l2_errors import PortNotFound
from nova_netplugins.netstack.model import ACTIVE, GATEWAY, Interface, NicPlan
from nova_netplugins.netstack.tables import VIRTUAL_NICS

if TYPE_CHECKING:
    from nova_netplugins.netstack.base import Operations


def intend(ops: Operations, work: Work) -> None:
    """``nic_id`` in the document. Adds ``nics``. Raises VirtualNicNotFound."""
    ops.run(_intend, ops, work)


def _intend(connection: sa.Connection, ops: Operations, work: Work) -> None:
    nic_id, c = work.document["nic_id"], VIRTUAL_NICS.c
    query = sa.select(VIRTUAL_NICS).where(c.id == nic_id, c.state == ACTIVE).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise errors.VirtualNicNotFound(field="virtual_nic_id", value=nic_id)
    network = network_rows.find(connection, row["network_id"])
    plan = _plan(row, ops.melange.tenant_of(network["project_id"]))
    work.document["nics"] = [plan.to_json()]
    intents.write(connection, work.intent)


def _plan(row: Row, tenant: str) -> NicPlan:
    if row["purpose"] == GATEWAY:
        return gateways.plan_of(row, tenant)
    return nic_rows.plan_of(row, tenant)


def forget(ops: Operations, work: Work) -> None:
    """What was made again stays: the NIC has it."""
    ops.run(intents.finish, work.intent)


def make_interfaces(ops: Operations, work: Work) -> None:
    for nic in nic_steps.nics(work):
        work.made[nic.id] = ops.melange.find_interface(
            nic.tenant, nic.id
        ) or ops.melange.create_interface(
            nic.id,
            nic.tenant,
            nic.device_id,
            nic.mac_address,
            ops.deployment.tag,
            work.key("interface", nic.id),
        )


def allocate_addresses(ops: Operations, work: Work) -> None:
    """Those that somebody else has by now are left out."""
    for nic in nic_steps.nics(work):
        interface: Interface = work.made[nic.id]
        tenant, network_id = nic.network_tenant, nic.network_id
        blocks = {block.id for block in ops.melange.blocks(tenant, network_id)}
        has = [address for address in interface.addresses if address.block_id in blocks]
        lacking = sorted(set(nic.addresses) - {address.address for address in has})
        if lacking:
            key = work.key("addresses", nic.id)
            has += ops.melange.allocate(tenant, network_id, interface, lacking, key)
        work.made[nic.id, "addresses"] = has


def make_ports(ops: Operations, work: Work) -> None:
    for nic in nic_steps.nics(work):
        mac = str(nic.mac_address)
        port = _port(ops, nic)
        if port is not None and port.mac_address != mac:
            ops.l2.delete_port(port.id)
            port = None
        if port is None:
            port = ops.l2.create_port(nic_steps.new_port(ops, work, nic, mac))
        work.made[nic.id, "port"] = port


def _port(ops: Operations, nic: NicPlan) -> L2Port | None:
    try:
        return None if nic.port_id is None else ops.l2.get_port(nic.port_id)
    except PortNotFound:
        return None


def record(ops: Operations, work: Work) -> None:
    if ops.run(_record, work):
        return
    # Somebody deleted it meanwhile, and did not know what we made.
    gone = [dataclasses.replace(nic, port_id=None) for nic in nic_steps.nics(work)]
    work.document["nics"] = [nic.to_json() for nic in gone]
    nic_steps.delete_ports(ops, work)
    nic_steps.release_addresses(ops, work)
    nic_steps.delete_interfaces(ops, work)


def _record(connection: sa.Connection, work: Work) -> bool:
    """Whether the NIC still is."""
    intents.finish(connection, work.intent)
    c = VIRTUAL_NICS.c
    for nic in nic_steps.nics(work):
        port: L2Port = work.made[nic.id, "port"]
        here = VIRTUAL_NICS.update().where(c.id == nic.id, c.state == ACTIVE)
        values = {"port_id": port.id, "updated_at": utcnow()}
        if connection.execute(here.values(values)).rowcount == 0:
            return False
    return True
