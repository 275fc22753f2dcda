"""What a network host must know to serve networks: which ones, their NICs, their floating
addresses."""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa

from nova_netplugins.ethernet.nics import Nics
from nova_netplugins.ethernet.rows import Row
from nova_netplugins.ethernet.tables import EthernetTables
from nova_netplugins.ethernet.traits import Traits


class Serving:
    """Within the caller's transaction, as ``Nics``."""

    def __init__(self, traits: Traits, tables: EthernetTables, nics: Nics) -> None:
        self._own_networks = traits.own_networks
        self._cards = tables.ethernet_cards
        self._networks = tables.networks
        self._fixed_ips = tables.fixed_ips
        self._nics = nics

    def claim(self, conn: sa.Connection, host: str) -> list[str]:
        """The ids of the networks that this host serves, after it took those that nobody did.

        A multi_host network is served on each host that has a NIC of it; the host's own address on
        one that it has no NIC of any more is given back. One that waits for its project is not
        served.
        """
        networks, table = self._nics.networks, self._networks
        unclaimed = networks.select(table.c.host.is_(None), table.c.multi_host.is_(False))
        if self._own_networks:
            unclaimed = unclaimed.where(table.c.project_id.is_not(None))
        for row in list(conn.execute(unclaimed).mappings()):
            networks.claim(conn, row["id"], host)
        self._leave(conn, host)
        mine = networks.select(self._served_on(host)).order_by(table.c.created_at, table.c.id)
        return [row["id"] for row in conn.execute(mine).mappings()]

    def _leave(self, conn: sa.Connection, host: str) -> None:
        """The host keeps no address for itself where it has nothing to serve."""
        fixed, table = self._fixed_ips, self._networks
        here = sa.exists().where(table.c.id == fixed.c.network_id, self._served_on(host))
        left = self._nics.addresses.select(fixed.c.host == host, ~here).with_for_update()
        self._nics.addresses.release(conn, list(conn.execute(left).mappings()))

    def _served_on(self, host: str) -> sa.ColumnElement[bool]:
        table = self._networks
        with_nic = sa.exists().where(
            self._cards.c.network_id == table.c.id,
            self._cards.c.host == host,
            self._cards.c.deleted == "",
        )
        return sa.or_(table.c.host == host, sa.and_(table.c.multi_host.is_(True), with_nic))

    def describe(
        self, conn: sa.Connection, host: str, network_id: str, nic_id: str | None
    ) -> dict[str, Any]:
        """``network``: its columns; ``here``: whether this host is to serve it, and only then:

        ``address``: this host's own on it (gateway and DHCP server; None on a network of IPv6
        alone, and as long as ``needs_address`` says so); ``nics``: those to serve here
        (or only ``nic_id``, if it is still one); ``floating_ips``: all of the network; ``state``:
        as ``state`` tells.
        """
        network = self._nics.networks.find(conn, network_id)
        here = self._networks.c.id == network_id, self._served_on(host)
        if conn.execute(self._nics.networks.select(*here)).first() is None:
            return {"network": network, "here": False}
        return {
            "state": self.state(conn, network),
            "network": network,
            "here": True,
            "address": self._address(conn, network, host),
            "nics": self._served_nics(conn, network, host, nic_id),
            "floating_ips": self._floating_ips(conn, network, host),
        }

    def state(self, conn: sa.Connection, network: Row) -> str:
        """A text that differs when anything of the network does; cheaper than to describe it."""
        facts: list[Any] = [network["host"], network["updated_at"]]
        cards, fixed = self._cards.c, self._fixed_ips.c
        of_cards = (cards.created_at, cards.updated_at, cards.deleted_at)
        facts += self._summary(conn, cards.network_id == network["id"], *of_cards)
        of_fixed_ips = (fixed.created_at, fixed.updated_at)
        facts += self._summary(conn, fixed.network_id == network["id"], *of_fixed_ips)
        floating = self._nics.floating
        if floating is not None:
            joined = floating.select(fixed.network_id == network["id"]).subquery()
            here = (joined.c.created_at, joined.c.updated_at)
            facts += self._summary(conn, sa.true(), *here)
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]

    def _summary(
        self,
        conn: sa.Connection,
        where: sa.ColumnElement[bool],
        *times: sa.ColumnElement[Any],
    ) -> list[Any]:
        latest = [sa.func.max(time) for time in times]
        return list(conn.execute(sa.select(sa.func.count(times[0]), *latest).where(where)).one())

    def needs_address(self, serving: dict[str, Any]) -> bool:
        """Whether the host has to be given an address for itself before it can serve."""
        has_v4 = serving["network"]["cidr"] is not None
        return bool(serving["here"]) and has_v4 and serving["address"] is None

    def give_address(self, conn: sa.Connection, host: str, network_id: str) -> None:
        network = self._nics.networks.find(conn, network_id)
        self._nics.addresses.draw_for_host(conn, network, host)

    def _address(self, conn: sa.Connection, network: Row, host: str) -> str | None:
        if network["cidr"] is None:
            return None
        if network["multi_host"] and not network["share_address"]:
            return self._nics.addresses.of_host(conn, network, host)
        return str(network["dhcp_server"])

    def _served_nics(
        self, conn: sa.Connection, network: Row, host: str, nic_id: str | None
    ) -> list[dict[str, Any]]:
        cards, fixed = self._cards, self._fixed_ips
        where = [cards.c.network_id == network["id"], cards.c.deleted == ""]
        if network["multi_host"]:
            where.append(cards.c.host == host)
        if nic_id is not None:
            where.append(cards.c.id == nic_id)
        columns = (
            cards.c.id,
            cards.c.mac_address,
            cards.c.hostname,
            cards.c.default_route,
            fixed.c.address,
            fixed.c.version,
        )
        joined = cards.join(fixed, fixed.c.ethernet_card_id == cards.c.id)
        query = sa.select(*columns).select_from(joined).where(*where)
        nics: dict[str, dict[str, Any]] = {}
        ordered = query.order_by(cards.c.created_at, cards.c.id, fixed.c.created_at, fixed.c.id)
        for row in conn.execute(ordered).mappings():
            nic = nics.setdefault(
                row["id"],
                {
                    "id": row["id"],
                    "mac_address": row["mac_address"],
                    "hostname": row["hostname"],
                    "default_route": row["default_route"],
                    "ipv4": None,
                    "ipv6": None,
                },
            )
            family = f"ipv{row['version']}"
            nic[family] = nic[family] or row["address"]
        return list(nics.values())

    def _floating_ips(self, conn: sa.Connection, network: Row, host: str) -> list[dict[str, str]]:
        floating = self._nics.floating
        if floating is None:
            return []
        query = floating.select(self._fixed_ips.c.network_id == network["id"])
        if network["multi_host"]:
            here = sa.select(self._cards.c.id).where(self._cards.c.host == host)
            query = query.where(self._fixed_ips.c.ethernet_card_id.in_(here))
        ordered = query.order_by(floating.columns.created_at, floating.columns.id)
        return [
            {name: row[name] for name in ("address", "fixed_address", "interface")}
            for row in conn.execute(ordered).mappings()
        ]
