"""Ports and fixed addresses."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from nova_netplugins import errors
from nova_netplugins.ethernet import planning
from nova_netplugins.ethernet.operations.base import Operations
from nova_netplugins.ethernet.ports import Ports
from nova_netplugins.ethernet.rows import Row


class AddressOperations(Operations):
    @property
    def ports(self) -> Ports:
        return self._ports

    def port_row(self, port_id: str) -> Row:
        with self._context.database.reading() as conn:
            return self._ports.find(conn, port_id)

    def create_port(
        self, project_id: str, network_id: str, address: str | None, nic_id: str | None
    ) -> Row:
        def create(conn: sa.Connection) -> Row:
            self._pin(conn, project_id)
            return self._ports.create(conn, project_id, network_id, address, nic_id)

        return self._prompt_port(self._run(create))

    def attach_port(self, port_id: str, nic_id: str | None) -> Row:
        """Connect the NIC to the port, or with None disconnect the one that is."""
        if nic_id is None:
            before = self.port_row(port_id)
            port = self._run(self._ports.detach, port_id)
            self._prompt_port(before)
            return port
        return self._prompt_port(self._run(self._ports.attach, port_id, nic_id))

    def delete_port(self, port_id: str) -> None:
        port, networks = self._run(self._ports.delete, port_id)
        self._prompt_port(port)
        for network_id in sorted(networks):
            self._context.prompts.network_changed(network_id)

    def _prompt_port(self, port: Row) -> Row:
        # The NIC may have been deleted since: then whoever did that has prompted.
        cards = self._nics.cards
        for card in self.rows(cards.select(cards.columns.id == port["ethernet_card_id"])):
            self._context.prompts.nic_changed(card["id"], port["network_id"], card["host"])
        return port

    def fixed_ip(
        self, address: str, network_id: str | None = None, project_id: str | None = None
    ) -> Row:
        """Of this project, if one is named: others may have the same address."""
        with self._context.database.reading() as conn:
            return self._nics.addresses.find(conn, address, network_id, project_id)

    def fixed_ip_rows(self, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        return self._nics.addresses.select(*where)

    def drawn_addresses(self, network_id: str | None, host: str | None) -> list[dict[str, Any]]:
        """Drawn addresses as an operator looks at them, by network and age.

        ``host``: of NICs bound to it. Each: network, address, state (reserved, host, port,
        allocated, leased), hostname, instance, host."""
        fixed, cards = self.tables.fixed_ips, self.tables.ethernet_cards
        names = (cards.c.hostname, cards.c.instance_id, cards.c.host.label("nic_host"))
        joined = fixed.outerjoin(cards, fixed.c.ethernet_card_id == cards.c.id)
        query = sa.select(fixed, *names).select_from(joined)
        if network_id is not None:
            query = query.where(fixed.c.network_id == network_id)
        if host is not None:
            query = query.where(cards.c.host == host)
        ordered = query.order_by(fixed.c.network_id, fixed.c.created_at, fixed.c.id)
        return [
            {
                "network": row["network_id"],
                "address": row["address"],
                "state": _state(row),
                "hostname": row["hostname"],
                "instance": row["instance_id"],
                "host": row["host"] or row["nic_host"],
            }
            for row in self.rows(ordered)
        ]

    def network_with(self, address: str) -> str:
        """The id of the only network in whose CIDR the address is. Raises NetworkNotFound,
        InvalidOption."""
        wanted = planning.parse_address(address, "address")
        table = self.tables.networks
        rows = self.rows(self._nics.networks.select(table.c.cidr.is_not(None)))
        ids = [row["id"] for row in rows if wanted in planning.IPv4(row["cidr"])]
        if not ids:
            raise errors.NetworkNotFound(
                f"no network has the address {address}", field="address", value=address
            )
        if len(ids) > 1:
            reason = f"several networks have it; say which: {', '.join(ids)}"
            raise errors.InvalidOption(field="address", value=address, reason=reason)
        return str(ids[0])

    def reserve_fixed_ip(self, network_id: str, address: str) -> None:
        def reserve(conn: sa.Connection) -> None:
            network = self._nics.networks.find_all(conn, [network_id], share=True)[0]
            self._nics.addresses.reserve(conn, network, address)

        self._run(reserve)

    def unreserve_fixed_ip(self, network_id: str, address: str) -> None:
        def unreserve(conn: sa.Connection) -> None:
            row = self._nics.addresses.find(conn, address, network_id)
            self._nics.addresses.unreserve(conn, row)

        self._run(unreserve)


def _state(row: Row) -> str:
    if row["reserved"]:
        return "reserved"
    if row["ethernet_card_id"] is not None:
        return "leased" if row["leased"] else "allocated"
    return "host" if row["host"] is not None else "port"
