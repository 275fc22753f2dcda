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
_UP_TO_TWO = (
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


def changed(
    connection: sa.Connection, ops: Operations, nics: Iterable[tuple[str, str | None]]
) -> list[str]:
    """Networks whose other hosts have to be told that a NIC came or went, because it was the
    network's first on its host, or the last.

    ``nics``: network and host of each, which came or went in the caller's transaction.
    """
    if ops.options.l2_driver != "local":
        return []
    places = sorted({(network_id, host) for network_id, host in nics if host is not None})
    return [network_id for network_id, host in places if _is_end(connection, network_id, host)]


def _is_end(connection: sa.Connection, network_id: str, host: str) -> bool:
    there = connection.execute(_UP_TO_TWO, {"of_network": network_id, "on_host": host})
    return len(there.all()) < 2
