"""Rows of networks, within the caller's transaction, and as the contract shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from nova_netplugins import errors, plugin
from nova_netplugins.ethernet.rows import Row, utcnow
from nova_netplugins.netstack.model import ACTIVE, COMPUTE, Block
from nova_netplugins.netstack.tables import NETWORKS, VIRTUAL_NICS

c = NETWORKS.c


def select(*where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(NETWORKS).where(c.state == ACTIVE, *where)


# Made once: making a statement costs as much as asking the database.
_OF_IDS = select(c.id.in_(sa.bindparam("ids", expanding=True))).order_by(c.id)


def usable_by(project_id: str | sa.BindParameter[str]) -> sa.ColumnElement[bool]:
    """The project's own, and those of all projects."""
    return sa.or_(c.project_id == project_id, c.project_id.is_(None))


def find(connection: sa.Connection, network_id: str, *, lock: bool = False) -> Row:
    """``lock``: nobody else gets a NIC on it until the transaction ends. Raises
    NetworkNotFound."""
    query = select(c.id == network_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise errors.NetworkNotFound(field="network_id", value=network_id)
    return row


def find_all(connection: sa.Connection, network_ids: Sequence[str]) -> list[Row]:
    """In that order. Raises NetworkNotFound."""
    rows = connection.execute(_OF_IDS, {"ids": sorted(set(network_ids))})
    found = {row["id"]: row for row in rows.mappings()}
    for network_id in network_ids:
        if network_id not in found:
            raise errors.NetworkNotFound(field="network_id", value=network_id)
    return [found[network_id] for network_id in network_ids]


def require_usable(network: Row, project_id: str) -> None:
    """A network of another project does not exist for this one."""
    if network["project_id"] not in (None, project_id):
        raise errors.NetworkNotFound(field="network_id", value=network["id"])


def update(connection: sa.Connection, /, network_id: str, **values: Any) -> Row:
    """Raises NetworkNotFound."""
    here = NETWORKS.update().where(c.id == network_id, c.state == ACTIVE)
    connection.execute(here.values(**values, updated_at=utcnow()))
    return find(connection, network_id)


def users(connection: sa.Connection, network_id: str) -> int:
    """How many virtual NICs are on it, those too that are being made or deleted."""
    n = VIRTUAL_NICS.c
    here = sa.select(sa.func.count()).where(n.network_id == network_id, n.purpose == COMPUTE)
    return int(connection.scalar(here) or 0)


def blocks_of(row: Row) -> list[Block]:
    """Those that were there when Melange was last asked."""
    return [Block.of_json(one) for one in row["blocks"]]


def view(row: Row, attributes: dict[str, Any]) -> plugin.Network:
    """``attributes``: besides those of the row."""
    return plugin.Network(
        id=row["id"],
        label=row["label"],
        project_id=row["project_id"],
        subnets=tuple(
            plugin.Subnet(block.version, block.cidr, block.gateway, block.dns, id=block.id)
            for block in blocks_of(row)
        ),
        mtu=row["mtu"],
        host=row["host"],
        attributes={
            **row["l2"],
            "routed": row["routed"],
            "dhcp": row["enable_dhcp"],
            **attributes,
        },
    )
