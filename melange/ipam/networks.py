"""Networks: whoever names one first has made it; all there is of it are blocks."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from melange import errors
from melange.db.tables import ip_blocks
from melange.ipam import blocks
from melange.ipam.blocks import Block
from melange.ipam.unit import Unit


def blocks_of_network(unit: Unit, tenant_id: str, network_id: str) -> list[Block]:
    """The tenant's blocks of the network, in the order in which they are drawn from.

    Raises NetworkNotFound when there is none.
    """
    rows = unit.connection.execute(select(tenant_id, network_id))
    found = [blocks.of_row(row) for row in rows]
    if not found:
        raise errors.NetworkNotFound(network_id)
    return found


def select(tenant_id: str, network_id: str) -> sa.Select[Any]:
    """What ``blocks_of_network`` returns, as rows of ``ip_blocks``."""
    c = ip_blocks.c
    return (
        sa.select(ip_blocks)
        .where(c.network_id == network_id, c.tenant_id == tenant_id)
        .order_by(c.priority, c.created_at, c.id)
    )
