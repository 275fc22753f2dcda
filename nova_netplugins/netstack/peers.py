"""The hosts that reach each other on a network with ``l2_driver = local``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import sqlalchemy as sa

from nova_netplugins.netstack.model import ACTIVE
from nova_netplugins.netstack.tables import HOSTS, NETWORKS, VIRTUAL_NICS

if TYPE_CHECKING:
    from nova_netplugins.netstack.base import Operations

nics, networks = VIRTUAL_NICS.c, NETWORKS.c

# Made once: making a statement costs as much as asking the database.
_FIRST = (
    sa.select(nics.id)
    .where(
        nics.network_id == sa.bindparam("of_network"),
        nics.host == sa.bindparam("on_host"),
        nics.state == ACTIVE,
    )
    .limit(2)
)


def places(network_ids: Iterable[str] | None = None) -> sa.Subquery:
    """``network_id`` and ``host`` where these networks, or any, have NICs or are served."""
    there = sa.select(nics.network_id, nics.host).where(nics.state == ACTIVE)
    served = sa.select(networks.id, networks.host).where(networks.state == ACTIVE)
    if network_ids is not None:
        # Here, and not of the union: databases would make all of that first.
        ids = list(network_ids)
        there, served = there.where(nics.network_id.in_(ids)), served.where(networks.id.in_(ids))
    return there.union(served).subquery()


def of_networks(ops: Operations, network_ids: Iterable[str]) -> dict[str, list[str]]:
    """Network -> tunnel addresses of all hosts that have a NIC on it, or serve it, sorted."""
    found: dict[str, list[str]] = {network_id: [] for network_id in network_ids}
    where = places(found)
    query = (
        sa.select(where.c.network_id, HOSTS.c.tunnel_address)
        .join(HOSTS, HOSTS.c.host == where.c.host)
        .order_by(where.c.network_id, HOSTS.c.tunnel_address)
    )
    for row in ops.rows(query):
        found[row["network_id"]].append(row["tunnel_address"])
    return found


def prompt(ops: Operations, changed: Iterable[tuple[str, str | None]]) -> None:
    """``changed``: networks and hosts where a NIC came or went. If it was the first of its network
    there, or the last, the network's other hosts are told."""
    if ops.options.l2_driver != "local":
        return
    for network_id, host in sorted({(one, host) for one, host in changed if host is not None}):
        if len(ops.rows(_FIRST, of_network=network_id, on_host=host)) < 2:
            ops.prompts.network_changed(network_id)
