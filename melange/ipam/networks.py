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
    about = {"of_tenant": tenant_id, "of_network": network_id}
    found = [blocks.of_row(row) for row in unit.connection.execute(_SELECT, about)]
    if not found:
        raise errors.NetworkNotFound(network_id)
    return found


Text = str | sa.BindParameter[str]


def select(tenant_id: Text, network_id: Text) -> sa.Select[Any]:
    """What ``blocks_of_network`` returns, as rows of ``ip_blocks``."""
    c = ip_blocks.c
    return (
        sa.select(ip_blocks)
        .where(c.network_id == network_id, c.tenant_id == tenant_id)
        .order_by(c.priority, c.created_at, c.id)
    )


# Made once, as all that is asked for each address: making a statement costs as much as asking.
_SELECT = select(sa.bindparam("of_tenant"), sa.bindparam("of_network"))
