"""The hosts of networks with ``l2_driver = local``: where each one's end of the tunnels is."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import sqlalchemy as sa
from oslo_db import exception

from netkit.errors import Conflict
from netkit.upsert import insert_or_get
from nova_netplugins import errors
from nova_netplugins.ethernet.rows import utcnow
from nova_netplugins.netstack.base import Operations
from nova_netplugins.netstack.model import ACTIVE
from nova_netplugins.netstack.reading import ReadingOperations
from nova_netplugins.netstack.tables import HOSTS, VIRTUAL_NICS

nics = VIRTUAL_NICS.c


class TunnelAddressInUse(Conflict):
    code = "tunnel_address_in_use"
    template = (
        "{field} {value} is that of host {holder}: each host needs its own, which the others reach "
        "([netstack] tunnel_address, or my_ip)"
    )


class HostOperations(ReadingOperations):
    def register_tunnel(self, host: str, address: str) -> None:
        """Those of the host's networks are told, if it was another one. Raises InvalidAddress,
        TunnelAddressInUse."""
        normal = _usable(address)
        known = self.rows(sa.select(HOSTS.c.tunnel_address).where(HOSTS.c.host == host))
        if [row["tunnel_address"] for row in known] == [normal]:
            return
        try:
            self.run(_register, host, normal)
        except exception.DBDuplicateEntry as error:
            query = sa.select(HOSTS.c.host).where(HOSTS.c.tunnel_address == normal)
            holder = next((row["host"] for row in self.rows(query)), "another one")
            raise TunnelAddressInUse(field="address", value=normal, holder=holder) from error
        here = sa.select(nics.network_id).where(nics.host == host, nics.state == ACTIVE)
        for row in self.rows(here.distinct()):
            self.prompts.network_changed(row["network_id"])


def peers(ops: Operations, network_ids: Iterable[str]) -> dict[str, list[str]]:
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


def prompt_of_places(ops: Operations, places: Iterable[tuple[str, str | None]]) -> None:
    """``places``: networks and hosts where a NIC came or went. If it was the first of its network
    there, or the last, the network's other hosts are told."""
    if ops.options.l2_driver != "local":
        return
    for network_id, host in sorted({(one, host) for one, host in places if host is not None}):
        here = nics.network_id == network_id, nics.host == host, nics.state == ACTIVE
        if len(ops.rows(sa.select(nics.id).where(*here).limit(2))) < 2:
            ops.prompts.network_changed(network_id)


def _register(connection: sa.Connection, host: str, address: str) -> None:
    used = sa.select(nics.host).where(nics.host.is_not(None))
    # A host that was renamed, or that is gone, holds nothing.
    connection.execute(
        HOSTS.delete().where(
            HOSTS.c.tunnel_address == address, HOSTS.c.host != host, HOSTS.c.host.not_in(used)
        )
    )
    row = insert_or_get(
        connection,
        HOSTS,
        ["host"],
        {"host": host, "tunnel_address": address, "created_at": utcnow()},
    )
    if row.host != host:
        # MariaDB finds the row of either key.
        raise TunnelAddressInUse(field="address", value=address, holder=row.host)
    if row.tunnel_address != address:
        changed = {"tunnel_address": address, "updated_at": utcnow()}
        connection.execute(HOSTS.update().where(HOSTS.c.host == host).values(changed))


def _usable(address: str) -> str:
    """The address as everybody writes it. Raises InvalidAddress."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        raise errors.InvalidAddress(field="address", value=address) from None
    if parsed.is_unspecified or parsed.is_multicast:
        raise errors.InvalidAddress(
            f"address {address} is no address of a host", field="address", value=address
        )
    return str(parsed)
