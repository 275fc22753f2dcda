"""Networks: whoever names one first has made it; all there is of it are blocks."""

from __future__ import annotations

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
    c = ip_blocks.c
    query = (
        sa.select(ip_blocks)
        .where(c.network_id == network_id, c.tenant_id == tenant_id)
        .order_by(c.priority, c.created_at, c.id)
    )
    found = [blocks.of_row(row) for row in unit.connection.execute(query)]
    if not found:
        raise errors.NetworkNotFound(network_id)
    return found
