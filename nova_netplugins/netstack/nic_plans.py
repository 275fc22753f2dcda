"""The first step of all that is done with virtual NICs: what is to be done is written down.

Each is one transaction, which also says no where something speaks against it.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from nova_netplugins.ethernet.rows import Row, utcnow
from nova_netplugins.netstack import intents, network_rows, nic_rows
from nova_netplugins.netstack.flow import Work
from nova_netplugins.netstack.model import NicPlan
from nova_netplugins.netstack.tables import VIRTUAL_NICS

if TYPE_CHECKING:
    from nova_netplugins.netstack.base import Operations


def plan_nics(ops: Operations, work: Work) -> None:
    """``request`` in the document: of ``plugin.InstanceRequest``, the instance None where there is
    none yet. Adds ``nics``."""
    ops.run(_plan_nics, ops, work)


def _plan_nics(connection: sa.Connection, ops: Operations, work: Work) -> None:
    request = work.document["request"]
    project, instance = request["project_id"], request["instance_id"]
    ops.associations.pin(connection, project, ops.name)
    wanted = _networks(connection, project, request["nics"])
    first = nic_rows.has_no_default(connection, instance, project)
    planned = []
    for index, (network, nic) in enumerate(wanted):
        nic_id = str(uuid.uuid4())
        planned.append(
            NicPlan(
                id=nic_id,
                network_id=network["id"],
                tenant=project,
                network_tenant=ops.melange.tenant_of(network["project_id"]),
                device_id=instance or nic_id,
                instance_id=instance,
                host=request["host"],
                hostname=request["hostname"],
                mac_address=nic["mac_address"],
                addresses=tuple(nic["addresses"]),
                versions=_versions(network),
                default_route=first and index == 0,
            )
        )
    write(connection, work, planned)


def _networks(
    connection: sa.Connection, project: str, nics: Sequence[dict[str, Any]]
) -> list[tuple[Row, dict[str, Any]]]:
    """Each with its network, which stays until the transaction ends."""
    if not nics:
        nothing = {"addresses": (), "mac_address": None}
        return [(row, nothing) for row in network_rows.defaults_for(connection, project)]
    named = [nic["network_id"] for nic in nics if nic["network_id"] is not None]
    found = iter(network_rows.find_all(connection, named, share=True))
    pairs = []
    for nic in nics:
        if nic["network_id"] is None:
            network = network_rows.defaults_for(connection, project)[0]
        else:
            network = next(found)
        network_rows.require_usable(network, project)
        pairs.append((network, nic))
    return pairs


def _versions(network: Row) -> tuple[int, ...]:
    return tuple(sorted({block["version"] for block in network["blocks"]}))


def write(connection: sa.Connection, work: Work, planned: Sequence[NicPlan]) -> None:
    """The rows, which nobody sees yet, and the intent."""
    work.document["nics"] = [nic.to_json() for nic in planned]
    now = utcnow()
    rows = [
        # The order of the request is that of every list.
        nic_rows.new_row(nic) | {"created_at": now + datetime.timedelta(microseconds=index)}
        for index, nic in enumerate(planned)
    ]
    connection.execute(VIRTUAL_NICS.insert(), rows)
    intents.write(connection, work.intent)


def withdraw_nics(ops: Operations, work: Work) -> None:
    """``which`` in the document: {"instance_id"} or {"nic_id"}. Nobody sees them any more. Adds
    ``nics``, and writes nothing if there are none. Raises VirtualNicNotFound for a ``nic_id``."""
    ops.run(_withdraw_nics, ops, work)


def _withdraw_nics(connection: sa.Connection, ops: Operations, work: Work) -> None:
    which = work.document["which"]
    if "nic_id" in which:
        rows = [nic_rows.find(connection, which["nic_id"], lock=True)]
    else:
        rows = nic_rows.locked_of(connection, which["instance_id"])
    owners = nic_rows.owners(connection, [row["network_id"] for row in rows])
    work.document["nics"] = [
        nic_rows.plan_of(row, ops.melange.tenant_of(owners[row["network_id"]])).to_json()
        for row in rows
    ]
    work.is_empty = not rows
    if work.is_empty:
        return
    nic_rows.withdraw(connection, rows)
    for row in rows:
        ops.associations.detach(connection, row["id"])
    intents.write(connection, work.intent)
