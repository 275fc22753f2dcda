"""The first step of all that is done with virtual NICs: what is to be done is written down.

Each is one transaction, which also says no where something speaks against it.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from nova_netplugins import errors
from nova_netplugins.ethernet.rows import Row, utcnow
from nova_netplugins.netstack import intents, network_rows, nic_rows
from nova_netplugins.netstack.flow import Work
from nova_netplugins.netstack.model import ACTIVE, NicPlan
from nova_netplugins.netstack.tables import NETWORKS

if TYPE_CHECKING:
    from nova_netplugins.netstack.base import Operations


def plan_nics(ops: Operations, work: Work) -> None:
    """``request`` in the document: of ``plugin.InstanceRequest``, the instance None where there is
    none yet. Adds ``nics``."""
    ops.run(_plan_nics, ops, work)


def _plan_nics(connection: sa.Connection, ops: Operations, work: Work) -> None:
    request = work.document["request"]
    project, instance = request["project_id"], request["instance_id"]
    wanted = _networks(connection, project, instance, request["nics"])
    known, _ = wanted[0]
    first = nic_rows.is_first(known, ops.associations, ops.name, project, instance)
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


# All that has to be known in one question: answering one takes less time than asking it.
_USABLE = (
    sa.select(NETWORKS.c.id, NETWORKS.c.project_id, NETWORKS.c.blocks, *nic_rows.KNOWN)
    .where(NETWORKS.c.state == ACTIVE, network_rows.usable_by(sa.bindparam("of_project")))
    .order_by(NETWORKS.c.priority, NETWORKS.c.created_at, NETWORKS.c.id)
    .with_for_update(read=True)
)
_NAMED = _USABLE.where(NETWORKS.c.id.in_(sa.bindparam("ids", expanding=True)))


def _networks(
    connection: sa.Connection,
    project: str,
    instance: str | None,
    nics: Sequence[dict[str, Any]],
) -> list[tuple[Row, dict[str, Any]]]:
    """Each with its network, which stays until the transaction ends, and carries what
    ``nic_rows.is_first`` has to know. Without ``nics``: one on each that the project may use, in
    order of priority and age; one that names no network is on the first of them."""
    about = {"of_project": project, "of_instance": instance}
    ids = {nic["network_id"] for nic in nics}
    if not ids or None in ids:
        rows = connection.execute(_USABLE, about).mappings().all()
        if not rows:
            reason = "make one with: netstack network create"
            raise errors.NoMoreNetworks(value=project, reason=reason)
    else:
        rows = connection.execute(_NAMED, {**about, "ids": sorted(ids)}).mappings().all()
    if not nics:
        return [(row, {"addresses": (), "mac_address": None}) for row in rows]
    found = {None: rows[0], **{row["id"]: row for row in rows}} if rows else {}
    for network_id in ids - found.keys():
        raise errors.NetworkNotFound(field="network_id", value=network_id)
    return [(found[nic["network_id"]], nic) for nic in nics]


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
    nic_rows.insert(connection, rows)
    intents.write(connection, work.intent)


def withdraw_nics(ops: Operations, work: Work) -> None:
    """``which`` in the document: {"instance_id"} or {"nic_id"}. Nobody sees them any more. Adds
    ``nics``, and writes nothing if there are none. Raises VirtualNicNotFound for a ``nic_id``."""
    ops.run(_withdraw_nics, ops, work)


def _withdraw_nics(connection: sa.Connection, ops: Operations, work: Work) -> None:
    which = work.document["which"]
    if "nic_id" in which:
        rows = [nic_rows.withdraw(connection, which["nic_id"])]
    else:
        rows = nic_rows.withdraw_all(connection, which["instance_id"])
    work.document["nics"] = [
        nic_rows.plan_of(row, ops.melange.tenant_of(row["network_owner"])).to_json() for row in rows
    ]
    work.is_empty = not rows
    if work.is_empty:
        return
    ops.associations.detach(connection, *(row["id"] for row in rows))
    intents.write(connection, work.intent)
