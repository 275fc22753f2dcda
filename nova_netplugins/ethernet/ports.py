"""Ports: where a virtual NIC meets a network. Here a port is a fixed address, made before or after
its NIC."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from nova_netplugins import errors
from nova_netplugins.ethernet.addresses import Values
from nova_netplugins.ethernet.nics import Nics
from nova_netplugins.ethernet.rows import Row, utcnow
from nova_netplugins.ethernet.tables import EthernetTables


class Ports:
    """Within the caller's transaction, as ``Nics``."""

    def __init__(self, tables: EthernetTables, nics: Nics) -> None:
        self._table = tables.fixed_ips
        self._nics = nics

    def select(self, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        """Addresses that belong to a project: not those reserved, nor those of network hosts."""
        return sa.select(self._table).where(self._table.c.project_id.is_not(None), *where)

    def find(self, conn: sa.Connection, port_id: str, lock: bool = False) -> Row:
        query = self.select(self._table.c.id == port_id)
        if lock:
            query = query.with_for_update()
        row = conn.execute(query).mappings().first()
        if row is None:
            raise errors.PortNotFound(field="port_id", value=port_id)
        return row

    def create(
        self,
        conn: sa.Connection,
        project_id: str,
        network_id: str,
        address: str | None,
        card_id: str | None,
    ) -> Row:
        with self._nics.fixed_ip_quota.kept(conn, project_id):
            network = self._nics.networks.find_all(conn, [network_id], share=True)[0]
            self._nics.require_usable(network, project_id)
            port: Values = self._nics.addresses.draw_port(conn, network, project_id, address)
        if card_id is not None:
            self.attach(conn, port["id"], card_id)
        return self.find(conn, port["id"])

    def attach(self, conn: sa.Connection, port_id: str, card_id: str) -> Row:
        """Connect a NIC of the same project, which is on no other network, to the port."""
        card = self._nics.cards.find(conn, card_id, lock=True)
        port = self.find(conn, port_id, lock=True)
        if card["project_id"] != port["project_id"]:
            raise errors.VirtualNicNotFound(field="virtual_nic_id", value=card_id)
        if card["network_id"] not in (None, port["network_id"]):
            raise errors.VirtualNicOnOtherNetwork(
                field="virtual_nic_id", value=card_id, existing=card["network_id"]
            )
        if port["ethernet_card_id"] not in (None, card_id):
            reason = f"virtual NIC {port['ethernet_card_id']} is connected; disconnect it first"
            raise errors.NetworkInUse(f"port {port_id} is in use: {reason}", field="port_id")
        change = self._table.update().where(self._table.c.id == port_id)
        conn.execute(change.values(ethernet_card_id=card_id, updated_at=utcnow()))
        if card["network_id"] is None:
            self._join(conn, port["network_id"], card)
        return self.find(conn, port_id)

    def _join(self, conn: sa.Connection, network_id: str, card: Row) -> None:
        network = self._nics.networks.find(conn, network_id)
        self._nics.cards.update(conn, card["id"], network_id=network_id)
        self._nics.addresses.draw_slaac(conn, network, card)

    def detach(self, conn: sa.Connection, port_id: str) -> Row:
        """Disconnect the NIC. The address stays with the project until the port is deleted."""
        port = self._find_v4(conn, port_id)
        card_id = port["ethernet_card_id"]
        if card_id is None:
            return port
        change = self._table.update().where(self._table.c.id == port_id)
        conn.execute(change.values(ethernet_card_id=None, updated_at=utcnow()))
        left = self._nics.addresses.of_cards(conn, [card_id]).get(card_id, [])
        if all(row["version"] == 6 for row in left):
            self._nics.addresses.release(conn, left)
            self._nics.cards.update(conn, card_id, network_id=None)
        return self.find(conn, port_id)

    def delete(self, conn: sa.Connection, port_id: str) -> tuple[Row, set[str]]:
        """The port that was, and the networks whose floating addresses changed with it."""
        port = self._find_v4(conn, port_id)
        if port["ethernet_card_id"] is not None:
            self.detach(conn, port_id)
        return port, self._nics.release(conn, [port])

    def _find_v4(self, conn: sa.Connection, port_id: str) -> Row:
        port = self.find(conn, port_id, lock=True)
        if port["version"] != 4:
            reason = "an IPv6 address is made of its NIC's MAC, and goes with the NIC"
            raise errors.InvalidOption(field="port_id", value=port_id, reason=reason)
        return port
