"""The hosts of networks with ``l2_driver = local``: where each one's end of the tunnels is."""

from __future__ import annotations

import ipaddress

import sqlalchemy as sa
from oslo_db import exception

from netkit.errors import Conflict
from netkit.upsert import insert_or_get
from nova_netplugins import errors
from nova_netplugins.ethernet.rows import utcnow
from nova_netplugins.netstack import peers
from nova_netplugins.netstack.reading import ReadingOperations
from nova_netplugins.netstack.tables import HOSTS


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
        where = peers.places()
        for row in self.rows(sa.select(where.c.network_id).where(where.c.host == host)):
            self.prompts.network_changed(row["network_id"])


def _register(connection: sa.Connection, host: str, address: str) -> None:
    where = peers.places()
    used = sa.select(where.c.host).where(where.c.host.is_not(None))
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
