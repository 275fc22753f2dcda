"""The gateway of a network: the one virtual NIC that its net-service has, made as others are."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import sqlalchemy as sa

from netkit import errors
from nova_netplugins.ethernet.rows import Row
from nova_netplugins.netstack import network_rows, nic_plans
from nova_netplugins.netstack.flow import Work
from nova_netplugins.netstack.model import GATEWAY, NicPlan
from nova_netplugins.netstack.tables import VIRTUAL_NICS

if TYPE_CHECKING:
    from nova_netplugins.netstack.base import Operations


class GatewayInMaking(errors.Conflict):
    code = "gateway_in_making"
    template = "the gateway of network {value} is there, or just being made or deleted; look again"


def gateway_id(network_id: str) -> str:
    """Of the one virtual NIC that a network's net-service has."""
    return str(uuid.uuid5(uuid.UUID(network_id), GATEWAY))


def device_name(network_id: str) -> str:
    """Its device, as Quantum's and Melange's users know it, and the name of the link."""
    return f"gw-{network_id[:11]}"


def plan_of(row: Row, tenant: str) -> NicPlan:
    return NicPlan(
        id=row["id"],
        network_id=row["network_id"],
        tenant=row["project_id"],
        network_tenant=tenant,
        device_id=device_name(row["network_id"]),
        purpose=GATEWAY,
        host=row["host"],
        mac_address=row["mac_address"],
        addresses=tuple(one["address"] for one in row["addresses"]),
        port_id=row["port_id"],
    )


def plan_gateway(ops: Operations, work: Work) -> None:
    """``network_id`` and ``host`` in the document. Adds ``nics`` and ``routed``. Raises
    NetworkNotFound, GatewayInMaking."""
    ops.run(_plan_gateway, ops, work)


def _plan_gateway(connection: sa.Connection, ops: Operations, work: Work) -> None:
    network_id = work.document["network_id"]
    network = network_rows.find(connection, network_id, lock=True)
    nic_id = gateway_id(network_id)
    there = sa.select(VIRTUAL_NICS.c.id).where(VIRTUAL_NICS.c.id == nic_id)
    if connection.scalar(there) is not None:
        raise GatewayInMaking(field="network_id", value=network_id)
    tenant = ops.melange.tenant_of(network["project_id"])
    work.document["routed"] = network["routed"]
    plan = NicPlan(
        id=nic_id,
        network_id=network_id,
        tenant=tenant,
        network_tenant=tenant,
        device_id=device_name(network_id),
        purpose=GATEWAY,
        host=work.document["host"],
    )
    nic_plans.write(connection, work, [plan])
