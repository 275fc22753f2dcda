"""Fixed addresses: drawn for a port, reserved by an operator, held by a network host, and given
back to rest.

A row exists while an address is drawn; the unique key (network, address) is the last word on who
has it."""

from __future__ import annotations

import datetime
import ipaddress
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exc

from netkit.db import Retry
from netkit.pool import OutsidePool, PoolExhausted, Pools, ValueResting, ValueTaken
from nova_netplugins import errors
from nova_netplugins.ethernet import planning
from nova_netplugins.ethernet.networks import Networks
from nova_netplugins.ethernet.rows import Row, utcnow
from nova_netplugins.ethernet.tables import EthernetTables

Values = dict[str, Any]

_AT_ONCE = 1000
"""Addresses in one statement: databases limit its parameters."""


class Addresses:
    def __init__(self, tables: EthernetTables, networks: Networks, options: cfg.GroupAttr) -> None:
        self._tables = tables
        self._table = tables.fixed_ips
        self._networks = networks
        self._pools = Pools(tables.pools)
        self._rest = options.fixed_ip_disassociate_timeout

    # -- reading -----------------------------------------------------------------------------------

    def select(self, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        return sa.select(self._table).where(*where)

    def of_cards(self, conn: sa.Connection, card_ids: Sequence[str]) -> dict[str, list[Row]]:
        """The address rows of each card, IPv4 first, oldest first."""
        table = self._table
        query = self.select(table.c.ethernet_card_id.in_(card_ids))
        ordered = query.order_by(table.c.version, table.c.created_at, table.c.id)
        found: dict[str, list[Row]] = defaultdict(list)
        for row in conn.execute(ordered).mappings():
            found[row["ethernet_card_id"]].append(row)
        return found

    def find(
        self,
        conn: sa.Connection,
        address: str,
        network_id: str | None = None,
        project_id: str | None = None,
    ) -> Row:
        """The drawn address, on this network or on the only one that has it; of this project, if
        one is named."""
        canonical = str(planning.parse_address(address, "address"))
        table = self._table
        query = self.select(table.c.address == canonical)
        if network_id is not None:
            query = query.where(table.c.network_id == network_id)
        if project_id is not None:
            query = query.where(table.c.project_id == project_id)
        rows = list(conn.execute(query.limit(2)).mappings())
        if not rows:
            raise errors.FixedIpNotFound(field="address", value=address)
        if len(rows) > 1:
            reason = "several networks have it; say which network"
            raise errors.InvalidOption(field="address", value=address, reason=reason)
        return rows[0]

    # -- drawing -----------------------------------------------------------------------------------

    def draw_for_card(
        self, conn: sa.Connection, network: Row, card: Values | Row, wanted: Sequence[str]
    ) -> list[Values]:
        """The card's addresses on the network: those wanted, or the next free IPv4 one; and its
        SLAAC address."""
        rows = [self._wanted(conn, network, card, address) for address in wanted]
        versions = {row["version"] for row in rows}
        if 4 not in versions and network["cidr"] is not None:
            rows.insert(0, self._row(network, self._next(conn, network), 4, card))
        if 6 not in versions:
            rows += self._slaac(network, card)
        self._insert(conn, network, rows)
        return rows

    def draw_slaac(self, conn: sa.Connection, network: Row, card: Values | Row) -> None:
        """The address that the card's instance will make itself on a network with IPv6."""
        self._insert(conn, network, self._slaac(network, card))

    def _slaac(self, network: Row, card: Values | Row) -> list[Values]:
        if network["cidr_v6"] is None:
            return []
        address = planning.eui64(planning.IPv6(network["cidr_v6"]), card["mac_address"])
        return [self._row(network, address, 6, card)]

    def draw_port(
        self, conn: sa.Connection, network: Row, project_id: str, address: str | None
    ) -> Values:
        """A port without a card yet: an IPv4 address held by a project."""
        text = self._next(conn, network) if address is None else self._take(conn, network, address)
        row = self._row(network, text, 4, None) | {"project_id": project_id}
        self._insert(conn, network, [row])
        return row

    def reserve(self, conn: sa.Connection, network: Row, address: str) -> Values:
        """An operator keeps the address from being drawn."""
        row = self._row(network, self._take(conn, network, address), 4, None)
        row["reserved"] = True
        self._insert(conn, network, [row])
        return row

    def of_host(self, conn: sa.Connection, network: Row, host: str) -> str | None:
        """The address that a network host has for itself on a multi_host network."""
        table = self._table
        held = sa.select(table.c.address).where(
            table.c.network_id == network["id"], table.c.host == host
        )
        return conn.scalar(held)

    def draw_for_host(self, conn: sa.Connection, network: Row, host: str) -> None:
        """Give a host that has none an address for itself: DHCP server and gateway there."""
        if self.of_host(conn, network, host) is not None:
            return
        # The network stays while it gets an address.
        network = self._networks.find_all(conn, [network["id"]], share=True)[0]
        values = self._row(network, self._next(conn, network), 4, None) | {"host": host}
        try:
            conn.execute(self._table.insert().values(values))
        except db_exc.DBDuplicateEntry as error:
            # The host asked twice at once, and has one by now.
            raise Retry from error

    def _wanted(
        self, conn: sa.Connection, network: Row, card: Values | Row, address: str
    ) -> Values:
        if planning.parse_address(address, "addresses").version == 4:
            return self._row(network, self._take(conn, network, address), 4, card)
        if network["cidr_v6"] is None:
            reason = f"network {network['id']} has no IPv6 addresses"
            raise errors.InvalidOption(field="addresses", value=address, reason=reason)
        net = planning.IPv6(network["cidr_v6"])
        canonical = planning.address_in(address, net, "addresses")
        slaac = planning.eui64(net, card["mac_address"])
        if canonical != slaac:
            reason = f"instances make their own by SLAAC; for this MAC it is {slaac}"
            raise errors.InvalidOption(field="addresses", value=address, reason=reason)
        return self._row(network, slaac, 6, card)

    def _next(self, conn: sa.Connection, network: Row) -> str:
        if network["pool_id"] is None:
            reason = "the network has no IPv4 addresses"
            raise errors.InvalidOption(field="network_id", value=network["id"], reason=reason)
        try:
            value = self._pools.draw(conn, network["pool_id"])[0]
        except PoolExhausted:
            raise errors.NoMoreFixedIps(field="network_id", value=network["id"]) from None
        return str(ipaddress.IPv4Address(value))

    def _take(self, conn: sa.Connection, network: Row, address: str) -> str:
        if network["cidr"] is None:
            reason = f"network {network['id']} has no IPv4 addresses"
            raise errors.InvalidOption(field="address", value=address, reason=reason)
        text = planning.address_in(address, planning.IPv4(network["cidr"]), "address")
        try:
            self._pools.take(conn, network["pool_id"], int(ipaddress.IPv4Address(text)))
        except ValueResting as resting:
            until = resting.until.isoformat(sep=" ", timespec="seconds")
            raise errors.FixedIpResting(field="address", value=address, until=until) from None
        except (ValueTaken, OutsidePool):
            raise self._in_use(network, address) from None
        return text

    def _in_use(self, network: Row, address: str) -> errors.FixedIpInUse:
        return errors.FixedIpInUse(field="address", value=address, network=network["id"])

    def _row(self, network: Row, address: str, version: int, card: Values | Row | None) -> Values:
        return {
            "id": str(uuid.uuid4()),
            "address": address,
            "version": version,
            "network_id": network["id"],
            "ethernet_card_id": card and card["id"],
            "project_id": card and card["project_id"],
            "host": None,
            "reserved": False,
            "leased": False,
            "created_at": utcnow(),
        }

    def _insert(self, conn: sa.Connection, network: Row, rows: list[Values]) -> None:
        if not rows:
            return
        try:
            conn.execute(self._table.insert(), rows)
        except db_exc.DBDuplicateEntry as error:
            addresses = ", ".join(row["address"] for row in rows)
            raise self._in_use(network, addresses) from error

    # -- giving back

    def release(self, conn: sa.Connection, rows: Iterable[Row], rest: bool = True) -> None:
        """Delete the rows; their IPv4 addresses rest before they can be drawn again."""
        by_network: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            by_network[row["network_id"]].append(row)
        until = None
        if rest and self._rest > 0:
            until = utcnow() + datetime.timedelta(seconds=self._rest)
        for network_id, members in by_network.items():
            self._release_on(conn, network_id, members, until)

    def _release_on(
        self,
        conn: sa.Connection,
        network_id: str,
        rows: list[Row],
        until: datetime.datetime | None,
    ) -> None:
        doomed = self._table.c.id.in_([row["id"] for row in rows])
        try:
            gone = conn.execute(self._table.delete().where(doomed))
        except db_exc.DBReferenceError as error:
            # A floating address was put before one of them since we looked: look again.
            raise Retry from error
        if gone.rowcount != len(rows):
            raise errors.FixedIpNotFound(value=", ".join(row["address"] for row in rows))
        v4 = [int(ipaddress.IPv4Address(row["address"])) for row in rows if row["version"] == 4]
        if v4:
            network = self._networks.find(conn, network_id)
            self._pools.release(conn, network["pool_id"], v4, until)

    def unreserve(self, conn: sa.Connection, row: Row) -> None:
        """Also what a network host has for itself: the host may be gone for good."""
        if not row["reserved"] and row["host"] is None:
            reason = "it is not reserved, but in use"
            raise errors.InvalidOption(field="address", value=row["address"], reason=reason)
        self.release(conn, [row], rest=False)

    # -- leases ------------------------------------------------------------------------------------

    def leased(self, conn: sa.Connection, network_id: str) -> set[str]:
        """The addresses of the network that DHCP has leased, as far as we were told."""
        table = self._table
        query = sa.select(table.c.address).where(
            table.c.network_id == network_id, table.c.leased.is_(True)
        )
        return set(conn.scalars(query))

    def set_leased(
        self, conn: sa.Connection, network_id: str, addresses: Sequence[str], leased: bool
    ) -> None:
        """What DHCP says of addresses; those not drawn any more are not an error.

        It is no change of the row: hosts would compare all of the network for each lease.
        """
        table = self._table
        for start in range(0, len(addresses), _AT_ONCE):
            some = addresses[start : start + _AT_ONCE]
            here = sa.and_(table.c.network_id == network_id, table.c.address.in_(some))
            change = table.update().where(here, table.c.leased.is_not(leased))
            conn.execute(change.values(leased=leased))
