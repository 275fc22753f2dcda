"""Deletes rows that nobody made whole or deleted, by the steps that delete whole ones."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from nova_netplugins.netstack import gateways, intents, nic_rows
from nova_netplugins.netstack.audit.findings import Finding
from nova_netplugins.netstack.audit.kept import IN_USE, Kept
from nova_netplugins.netstack.base import Operations
from nova_netplugins.netstack.intents import Claim, Intent
from nova_netplugins.netstack.model import ACTIVE, GATEWAY, NicPlan
from nova_netplugins.netstack.tables import INTENTS, NETWORKS, VIRTUAL_NICS

Row = sa.RowMapping


def delete_nic(operations: Operations, finding: Finding) -> str:
    def begin(connection: sa.Connection) -> Intent:
        nic = _half(connection, VIRTUAL_NICS, finding.id)
        network = _row(connection, NETWORKS, nic["network_id"])
        operations.associations.detach(connection, nic["id"])
        plan = _plan(nic, operations.melange.tenant_of(network["project_id"]))
        return _intend(connection, operations, "delete_nic", {"nics": [plan.to_json()]})

    return operations.flow.resume(operations.run(begin))


def delete_network(operations: Operations, finding: Finding) -> str:
    def begin(connection: sa.Connection) -> Intent:
        network = _half(connection, NETWORKS, finding.id)
        here = sa.select(VIRTUAL_NICS).where(VIRTUAL_NICS.c.network_id == network["id"])
        nics = connection.execute(here.with_for_update()).mappings().all()
        if any(nic["purpose"] != GATEWAY for nic in nics):
            raise Kept("virtual NICs are on it; delete them first")
        tenant = operations.melange.tenant_of(network["project_id"])
        document = {
            "network_id": network["id"],
            "nics": [gateways.plan_of(nic, tenant).to_json() for nic in nics],
            "tenant": tenant,
            "adopted": network["adopted"],
        }
        return _intend(connection, operations, "delete_network", document)

    return operations.flow.resume(operations.run(begin))


def _half(connection: sa.Connection, table: sa.Table, id_: str) -> Row:
    """Locked. Raises Kept unless it still is half, and nobody's work."""
    row = _row(connection, table, id_)
    spoken_of = sa.select(INTENTS.c.id).where(sa.cast(INTENTS.c.document, sa.Text).contains(id_))
    if row["state"] == ACTIVE or connection.scalar(spoken_of.limit(1)) is not None:
        raise Kept(IN_USE)
    return row


def _row(connection: sa.Connection, table: sa.Table, id_: str) -> Row:
    query = sa.select(table).where(table.c.id == id_).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise Kept("it is gone already")
    return row


def _plan(nic: Row, tenant: str) -> NicPlan:
    if nic["purpose"] == GATEWAY:
        return gateways.plan_of(nic, tenant)
    return nic_rows.plan_of(nic, tenant)


def _intend(
    connection: sa.Connection, operations: Operations, kind: str, document: dict[str, Any]
) -> Intent:
    intent = Intent(kind, document, Claim(operations.options.intent_timeout))
    intents.write(connection, intent)
    return intent
