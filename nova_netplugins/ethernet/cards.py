"""Ethernet cards: the virtual NICs of an Ethernet service. Each has a MAC address drawn from the
service's range."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exc

from netkit.pool import OutsidePool, PoolExhausted, Pools, ValueResting, ValueTaken
from nova_netplugins import errors, plugin
from nova_netplugins.ethernet.addresses import Values
from nova_netplugins.ethernet.macs import MacRange, format_mac, parse_mac
from nova_netplugins.ethernet.rows import Columns, Row, utcnow
from nova_netplugins.ethernet.tables import EthernetTables


class Cards:
    """``pool_id`` is that of ``prepare``, from a committed transaction: set it before cards are
    made or deleted."""

    def __init__(self, tables: EthernetTables, options: cfg.GroupAttr) -> None:
        self._table = tables.ethernet_cards
        self._pools = Pools(tables.pools)
        self._range = MacRange.parse(options.mac_range)
        self.pool_id = 0

    def select(self, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        return sa.select(self._table).where(self._table.c.deleted == "", *where)

    @property
    def columns(self) -> Columns:
        return self._table.c

    def find(self, conn: sa.Connection, card_id: str, lock: bool = False) -> Row:
        query = self.select(self._table.c.id == card_id)
        if lock:
            query = query.with_for_update()
        row = conn.execute(query).mappings().first()
        if row is None:
            raise errors.VirtualNicNotFound(field="virtual_nic_id", value=card_id)
        return row

    def of_instance(self, conn: sa.Connection, instance_id: str, lock: bool = False) -> list[Row]:
        table = self._table
        query = self.select(table.c.instance_id == instance_id)
        ordered = query.order_by(table.c.created_at, table.c.id)
        if lock:
            ordered = ordered.with_for_update()
        return list(conn.execute(ordered).mappings())

    def create(self, conn: sa.Connection, values: Values, mac: str | None = None) -> Values:
        """Insert a card with this MAC, or the next free one of the range. ``values``: its other
        columns."""
        values = {
            "id": str(uuid.uuid4()),
            "instance_id": None,
            "network_id": None,
            "host": None,
            "hostname": None,
            "default_route": True,
            **values,
            "mac_address": self._draw_mac(conn, mac),
            "status": plugin.DOWN,
            "created_at": utcnow(),
            "deleted": "",
        }
        try:
            conn.execute(self._table.insert().values(values))
        except db_exc.DBDuplicateEntry:
            raise errors.MacInUse(field="mac_address", value=values["mac_address"]) from None
        return values

    def _draw_mac(self, conn: sa.Connection, mac: str | None) -> str:
        if mac is None:
            try:
                return format_mac(self._pools.draw(conn, self.pool_id)[0])
            except PoolExhausted:
                raise errors.NoMoreMacs(value=str(self._range)) from None
        value = parse_mac(mac, "mac_address")
        try:
            self._pools.take(conn, self.pool_id, value)
        except OutsidePool:
            pass  # One of the caller's own; the unique key guards it.
        except (ValueTaken, ValueResting):
            raise errors.MacInUse(field="mac_address", value=mac) from None
        return format_mac(value)

    def prepare(self, conn: sa.Connection) -> int:
        """The pool of the service's MACs, made on first use. Named by its range, which an operator
        may change: what living cards have of a new range is not free in it."""
        name = f"mac:{self._range}"
        if (pool_id := self._pools.lookup(conn, name)) is not None:
            return pool_id
        rows = conn.execute(self.select()).mappings()
        used = [parse_mac(row["mac_address"], "mac_address") for row in rows]
        first, last = self._range.first, self._range.last
        excluded = [(mac, mac) for mac in used if first <= mac <= last]
        return self._pools.ensure(conn, name, first, last, excluded=excluded)

    def update(self, conn: sa.Connection, card_id: str, **values: Any) -> Row:
        table = self._table
        change = table.update().where(table.c.id == card_id, table.c.deleted == "")
        if conn.execute(change.values(**values, updated_at=utcnow())).rowcount == 0:
            raise errors.VirtualNicNotFound(field="virtual_nic_id", value=card_id)
        return self.find(conn, card_id)

    def delete(self, conn: sa.Connection, cards: Sequence[Row]) -> None:
        """Mark the cards deleted and give their MACs back. They must be locked, and have no
        addresses any more."""
        table = self._table
        ids = [card["id"] for card in cards]
        mark = {"deleted": table.c.id, "deleted_at": utcnow(), "status": plugin.DOWN}
        conn.execute(table.update().where(table.c.id.in_(ids), table.c.deleted == "").values(mark))
        macs = [parse_mac(card["mac_address"], "mac_address") for card in cards]
        ours = [mac for mac in macs if self._range.first <= mac <= self._range.last]
        if ours:
            self._pools.release(conn, self.pool_id, ours, None)

    def promote_default_route(self, conn: sa.Connection, instance_id: str) -> None:
        """The oldest remaining card of an instance carries its default route."""
        remaining = self.of_instance(conn, instance_id)
        if remaining and not any(card["default_route"] for card in remaining):
            self.update(conn, remaining[0]["id"], default_route=True)
