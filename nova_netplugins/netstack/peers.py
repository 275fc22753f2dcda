"""The hosts that reach each other on a network with ``l2_driver = local``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import sqlalchemy as sa

from nova_netplugins.netstack.model import ACTIVE
from nova_netplugins.netstack.tables import HOSTS, VIRTUAL_NICS

if TYPE_CHECKING:
    from nova_netplugins.netstack.base import Operations

nics = VIRTUAL_NICS.c


def of_networks(ops: Operations, network_ids: Iterable[str]) -> dict[str, list[str]]:
    """Network -> tunnel addresses of all hosts that have a NIC on it, or its gateway, sorted."""
    found: dict[str, list[str]] = {network_id: [] for network_id in network_ids}
    query = (
        sa.select(nics.network_id, HOSTS.c.tunnel_address)
        .distinct()
        .join(HOSTS, HOSTS.c.host == nics.host)
        .where(nics.network_id.in_(found), nics.state == ACTIVE)
        .order_by(nics.network_id, HOSTS.c.tunnel_address)
    )
    for row in ops.rows(query):
        found[row["network_id"]].append(row["tunnel_address"])
    return found


def prompt(ops: Operations, places: Iterable[tuple[str, str | None]]) -> None:
    """``places``: networks and hosts where a NIC came or went. If it was the first of its network
    there, or the last, the network's other hosts are told."""
    if ops.options.l2_driver != "local":
        return
    for network_id, host in sorted({(one, host) for one, host in places if host is not None}):
        here = nics.network_id == network_id, nics.host == host, nics.state == ACTIVE
        if len(ops.rows(sa.select(nics.id).where(*here).limit(2))) < 2:
            ops.prompts.network_changed(network_id)
