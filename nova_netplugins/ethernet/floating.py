"""Floating IPs: public addresses out of an operator's ranges, lent to projects and put before fixed
addresses."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exc

from netkit.db import Retry
from netkit.pool import NoSuchPool, OutsidePool, PoolExhausted, Pools, ValueResting, ValueTaken
from nova_netplugins import errors
from nova_netplugins.ethernet import planning
from nova_netplugins.ethernet.rows import Columns, Row, utcnow
from nova_netplugins.ethernet.tables import EthernetTables

LARGEST_RANGE = 12
"""The shortest prefix of a floating range: about a million addresses."""


class FloatingIps:
    """``default_pool`` is for ranges and requests that name none. A range that names no interface
    has '': each host's own ``public_interface``.
    """

    def __init__(self, tables: EthernetTables, default_pool: str) -> None:
        assert tables.floating_ips is not None and tables.floating_ranges is not None
        self._ips = tables.floating_ips
        self._ranges = tables.floating_ranges
        self._fixed_ips = tables.fixed_ips
        self._locks = tables.locks
        self._pools = Pools(tables.pools)
        self._default_pool = default_pool

    # -- ranges: the operator's

    def create_range(
        self, conn: sa.Connection, cidr: str, pool: str | None, interface: str | None
    ) -> Row:
        """A single address or a CIDR, whose hosts may be lent. Ranges of all pools are disjoint."""
        net = self._parse_range(cidr)
        locks = self._locks
        conn.execute(sa.select(locks).where(locks.c.name == "floating_ranges").with_for_update())
        for row in self.ranges(conn):
            if net.overlaps(ipaddress.IPv4Network(row["cidr"])):
                raise errors.FloatingRangeConflict(
                    field="ip_range", value=cidr, existing=f"{row['cidr']} of pool {row['pool']}"
                )
        hosts = net.num_addresses > 2
        first, last = int(net.network_address) + hosts, int(net.broadcast_address) - hosts
        values = {
            "id": str(uuid.uuid4()),
            "pool": pool or self._default_pool,
            "cidr": str(net),
            "interface": interface or "",
            "pool_id": self._pools.create(conn, first, last),
            "created_at": utcnow(),
        }
        conn.execute(self._ranges.insert().values(values))
        return self.find_range(conn, str(net))

    def _parse_range(self, cidr: str) -> planning.IPv4:
        try:
            net = ipaddress.IPv4Network(cidr, strict=False)
        except ValueError as error:
            raise errors.InvalidCidr(field="ip_range", value=cidr, reason=str(error)) from None
        if net.prefixlen < LARGEST_RANGE:
            reason = f"a prefix of at least /{LARGEST_RANGE} is needed"
            raise errors.InvalidCidr(field="ip_range", value=cidr, reason=reason)
        planning.refuse_unusable(net, "ip_range")
        return net

    def ranges(self, conn: sa.Connection, pool: str | None = None) -> list[Row]:
        query = sa.select(self._ranges).order_by(self._ranges.c.created_at, self._ranges.c.id)
        if pool is not None:
            query = query.where(self._ranges.c.pool == pool)
        return list(conn.execute(query).mappings())

    def find_range(self, conn: sa.Connection, cidr: str) -> Row:
        net = self._parse_range(cidr)
        query = sa.select(self._ranges).where(self._ranges.c.cidr == str(net))
        row = conn.execute(query).mappings().first()
        if row is None:
            raise errors.FloatingRangeNotFound(field="ip_range", value=cidr)
        return row

    def delete_range(self, conn: sa.Connection, cidr: str) -> None:
        """Refused while an address of it is lent: the foreign key decides."""
        row = self.find_range(conn, cidr)
        try:
            conn.execute(self._ranges.delete().where(self._ranges.c.id == row["id"]))
        except db_exc.DBReferenceError:
            reason = "addresses of this range belong to projects"
            raise errors.FloatingIpInUse(field="ip_range", value=cidr, reason=reason) from None
        self._pools.drop(conn, row["pool_id"])

    # -- addresses: the projects'

    def select(self, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        """Rows with their pool and interface, and the fixed address behind (None: not
        associated)."""
        ips, ranges, fixed = self._ips, self._ranges, self._fixed_ips
        columns = (
            *ips.c,
            ranges.c.pool,
            ranges.c.interface,
            fixed.c.address.label("fixed_address"),
            fixed.c.network_id,
            fixed.c.ethernet_card_id,
        )
        joined = ips.join(ranges).outerjoin(fixed, ips.c.fixed_ip_id == fixed.c.id)
        return sa.select(*columns).select_from(joined).where(*where)

    @property
    def table(self) -> sa.Table:
        return self._ips

    @property
    def columns(self) -> Columns:
        return self._ips.c

    @property
    def filters(self) -> dict[str, sa.ColumnElement[Any]]:
        """What a list may be narrowed by, and the column of each."""
        return {
            "project_id": self._ips.c.project_id,
            "pool": self._ranges.c.pool,
            "address": self._ips.c.address,
            "fixed_address": self._fixed_ips.c.address,
            "virtual_nic_id": self._fixed_ips.c.ethernet_card_id,
        }

    def find(self, conn: sa.Connection, address: str) -> Row:
        """By address or by id."""
        query = self.select(sa.or_(self._ips.c.address == address, self._ips.c.id == address))
        row = conn.execute(query).mappings().first()
        if row is None:
            raise errors.FloatingIpNotFound(field="floating_ip", value=address)
        return row

    def allocate(
        self,
        conn: sa.Connection,
        project_id: str,
        pool: str | None = None,
        address: str | None = None,
        auto_assigned: bool = False,
    ) -> Row:
        """Lend an address of the pool to the project: this one, or the lowest that is free."""
        pool = pool or self._default_pool
        ranges = self.ranges(conn, pool)
        if not ranges:
            known = ", ".join(sorted({row["pool"] for row in self.ranges(conn)})) or "none"
            raise errors.FloatingPoolNotFound(field="pool", value=pool, known=known)
        chosen, text = self._draw(conn, pool, ranges, address)
        values = {
            "id": str(uuid.uuid4()),
            "address": text,
            "range_id": chosen["id"],
            "project_id": project_id,
            "fixed_ip_id": None,
            "auto_assigned": auto_assigned,
            "created_at": utcnow(),
        }
        try:
            conn.execute(self._ips.insert().values(values))
        except db_exc.DBReferenceError as error:
            raise Retry from error  # The range was deleted since we looked: look again.
        return self.find(conn, text)

    def _draw(
        self, conn: sa.Connection, pool: str, ranges: Sequence[Row], address: str | None
    ) -> tuple[Row, str]:
        for row in ranges:
            try:
                if address is None:
                    return row, str(
                        ipaddress.IPv4Address(self._pools.draw(conn, row["pool_id"])[0])
                    )
                parsed = planning.parse_address(address, "address")
                if parsed in ipaddress.IPv4Network(row["cidr"]):
                    self._pools.take(conn, row["pool_id"], int(parsed))
                    return row, str(parsed)
            except PoolExhausted:
                continue
            except NoSuchPool as error:
                raise Retry from error  # The range was deleted since we looked: look again.
            except (ValueTaken, ValueResting, OutsidePool):
                reason = "it is lent already, or no host address"
                raise errors.FloatingIpInUse(
                    field="address", value=address, reason=reason
                ) from None
        if address is None:
            raise errors.NoMoreFloatingIps(field="pool", value=pool)
        cidrs = ", ".join(row["cidr"] for row in ranges)
        raise errors.AddressOutOfRange(field="address", value=address, cidr=cidrs)

    def release(self, conn: sa.Connection, address: str) -> None:
        row = self.find(conn, address)
        free = sa.and_(self._ips.c.id == row["id"], self._ips.c.fixed_ip_id.is_(None))
        if conn.execute(self._ips.delete().where(free)).rowcount == 0:
            # It was released or associated, perhaps only since we looked.
            row = self.find(conn, address)
            if row["fixed_ip_id"] is None:
                raise Retry
            reason = f"it is associated with {row['fixed_address']}; disassociate it first"
            raise errors.FloatingIpInUse(field="floating_ip", value=address, reason=reason)
        pool_id = conn.scalar(
            sa.select(self._ranges.c.pool_id).where(self._ranges.c.id == row["range_id"])
        )
        assert pool_id is not None
        self._pools.release(conn, pool_id, [int(ipaddress.IPv4Address(row["address"]))], None)

    def associate(self, conn: sa.Connection, address: str, fixed_ip: Row) -> Row:
        """Put the address before a fixed one; from another fixed address it is moved."""
        if fixed_ip["version"] != 4:
            reason = "floating addresses are IPv4, and so must the fixed one be"
            raise errors.InvalidOption(
                field="fixed_address", value=fixed_ip["address"], reason=reason
            )
        self._point(conn, self._locked(conn, address), fixed_ip)
        return self.find(conn, address)

    def disassociate(self, conn: sa.Connection, address: str) -> Row:
        """Returns the row as it was before."""
        row = self._locked(conn, address)
        if row["fixed_ip_id"] is None:
            raise errors.FloatingIpNotAssociated(field="floating_ip", value=address)
        self._point(conn, row, None)
        return row

    def _locked(self, conn: sa.Connection, address: str) -> Row:
        """As ``find``; nobody else changes it before the commit. One that came with its instance
        is refused: it also goes with it."""
        found = self.find(conn, address)
        conn.execute(
            sa.select(self._ips.c.id).where(self._ips.c.id == found["id"]).with_for_update()
        )
        row = self.find(conn, address)
        if row["auto_assigned"] and row["fixed_ip_id"] is not None:
            reason = "it was assigned with its instance, and goes with it"
            raise errors.FloatingIpInUse(field="floating_ip", value=address, reason=reason)
        return row

    def _point(self, conn: sa.Connection, row: Row, fixed_ip: Row | None) -> None:
        change = self._ips.update().where(self._ips.c.id == row["id"])
        values = {"fixed_ip_id": fixed_ip and fixed_ip["id"], "updated_at": utcnow()}
        try:
            conn.execute(change.values(values))
        except db_exc.DBReferenceError:
            # The fixed address was given back since it was looked up.
            gone = fixed_ip and fixed_ip["address"]
            raise errors.FixedIpNotFound(field="fixed_address", value=gone) from None

    def forget_fixed_ips(self, conn: sa.Connection, fixed_ips: Sequence[Row]) -> set[str]:
        """Before fixed addresses go: take floating ones off them, and give auto-assigned ones
        back. The ids of the networks where this changed something."""
        networks = {fixed["id"]: str(fixed["network_id"]) for fixed in fixed_ips}
        if not networks:
            return set()
        # Locked, so that none is moved to another fixed address meanwhile.
        before = sa.select(self._ips).where(self._ips.c.fixed_ip_id.in_(networks))
        rows = list(conn.execute(before.order_by(self._ips.c.id).with_for_update()).mappings())
        for row in rows:
            self._point(conn, row, None)
            if row["auto_assigned"]:
                self.release(conn, row["address"])
        return {networks[row["fixed_ip_id"]] for row in rows}
