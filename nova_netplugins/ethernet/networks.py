"""Networks of an Ethernet service: made, found, changed and deleted, each within the caller's
transaction."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exc

from netkit.pool import Pools
from nova_netplugins import errors
from nova_netplugins.ethernet import planning
from nova_netplugins.ethernet.segments import Segments
from nova_netplugins.ethernet.specs import NetworkSpec
from nova_netplugins.ethernet.tables import EthernetTables
from nova_netplugins.ethernet.traits import Traits

Row = sa.RowMapping


def utcnow() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


class Networks:
    """The networks table and the pools behind it: addresses of each network, VLANs of each
    interface."""

    def __init__(self, traits: Traits, tables: EthernetTables, options: cfg.GroupAttr) -> None:
        self._traits = traits
        self._tables = tables
        self._networks = tables.networks
        self._options = options
        self._pools = Pools(tables.pools)
        self._segments = Segments(traits, self._pools, options)

    # -- reading -------------------------------------------------------------------------------
    # -------------

    def find(self, conn: sa.Connection, network_id: str) -> Row:
        return self.find_all(conn, [network_id])[0]

    def find_all(
        self, conn: sa.Connection, network_ids: Sequence[str], share: bool = False
    ) -> list[Row]:
        """In the order asked for; NetworkNotFound names the first that does not exist.

        ``share``: keep them from being deleted until this transaction ends.
        """
        query = self.select(self._networks.c.id.in_(set(network_ids)))
        if share:
            query = query.with_for_update(read=True)
        found = {row["id"]: row for row in conn.execute(query).mappings()}
        for network_id in network_ids:
            if network_id not in found:
                raise errors.NetworkNotFound(field="network_id", value=network_id)
        return [found[network_id] for network_id in network_ids]

    def select(self, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        return sa.select(self._networks).where(self._networks.c.deleted == "", *where)

    def usable_by(self, project_id: str) -> sa.ColumnElement[bool]:
        """Networks of the project and, but for a service of own networks, those of nobody."""
        mine = self._networks.c.project_id == project_id
        if self._traits.own_networks:
            return mine
        return sa.or_(mine, self._networks.c.project_id.is_(None))

    def defaults_for(self, conn: sa.Connection, project_id: str) -> list[Row]:
        """The networks an instance gets when it asks for none, in order of priority and age; kept
        as ``find_all``."""
        table = self._networks
        query = self.select(self.usable_by(project_id)).with_for_update(read=True)
        ordered = query.order_by(table.c.priority, table.c.created_at, table.c.id)
        rows = list(conn.execute(ordered).mappings())
        if not rows and self._traits.own_networks:
            return [self.associate_free(conn, project_id)]
        if not rows:
            reason = f"make one with: {self._traits.name} network create"
            raise errors.NoMoreNetworks(value=project_id, reason=reason)
        return rows

    # -- making --------------------------------------------------------------------------------
    # -------------

    def create(self, conn: sa.Connection, spec: NetworkSpec) -> list[Row]:
        """One row for each network of the spec, with its pools; all or none."""
        self.lock(conn)
        v4, v6 = self._subnets(conn, spec)
        rows = []
        for index in range(max(len(v4), len(v6))):
            net4 = v4[index] if index < len(v4) else None
            net6 = v6[index] if index < len(v6) else None
            rows.append(self._insert(conn, self._values(conn, spec, index, net4, net6)))
        return rows

    def lock(self, conn: sa.Connection) -> None:
        """One at a time makes networks: no unique key can say that two CIDRs overlap."""
        locks = self._tables.locks
        conn.execute(sa.select(locks).where(locks.c.name == "networks").with_for_update())

    def associate_free(self, conn: sa.Connection, project_id: str) -> Row:
        """A network of the project's own: the oldest of nobody, or a new one out of
        ``fixed_range``."""
        self.lock(conn)
        table = self._networks
        first = (table.c.created_at, table.c.id)
        own = conn.execute(self.select(table.c.project_id == project_id).order_by(*first))
        if (already := own.mappings().first()) is not None:
            return already
        free = self.select(table.c.project_id.is_(None)).order_by(*first).limit(1)
        row = conn.execute(free).mappings().first()
        if row is not None:
            return self.modify(conn, row["id"], {"project_id": project_id})
        if not self._options.fixed_range:
            reason = "none is free, and fixed_range is not set to make one from"
            raise errors.NoMoreNetworks(value=project_id, reason=reason)
        spec = NetworkSpec(
            label=f"project-{project_id}"[:255],
            cidr=self._options.fixed_range,
            network_size=self._options.network_size,
            project_id=project_id,
        )
        return self.create(conn, spec)[0]

    def _subnets(
        self, conn: sa.Connection, spec: NetworkSpec
    ) -> tuple[list[planning.IPv4], list[planning.IPv6]]:
        if spec.cidr is None and spec.cidr_v6 is None:
            raise errors.InvalidOption(
                field="cidr", value=None, reason="give a cidr, a cidr_v6 or both"
            )
        if spec.num_networks > 1 and spec.id is not None:
            raise errors.InvalidOption(
                field="id", value=spec.id, reason="only one network can have it"
            )
        v4: list[planning.IPv4] = []
        v6: list[planning.IPv6] = []
        if spec.cidr is not None:
            whole = planning.parse_v4(spec.cidr)
            neighbours = self._neighbours(conn, spec.project_id)
            v4 = planning.split_v4(whole, spec.num_networks, spec.network_size, neighbours)
        if spec.cidr_v6 is not None:
            v6 = planning.split_v6(planning.parse_v6(spec.cidr_v6), spec.num_networks)
            self._refuse_v6_overlap(conn, v6, spec.project_id)
        return v4, v6

    def _meets(self, project_id: str | None) -> sa.ColumnElement[bool]:
        """The networks that an instance could have beside one of this project: two of these must
        not overlap."""
        if project_id is None:
            return sa.true()
        table = self._networks
        return sa.or_(table.c.project_id == project_id, table.c.project_id.is_(None))

    def _neighbours(
        self, conn: sa.Connection, project_id: str | None
    ) -> list[tuple[planning.IPv4, str]]:
        table = self._networks
        query = self.select(table.c.cidr.is_not(None), self._meets(project_id))
        return [(planning.IPv4(row["cidr"]), row["id"]) for row in conn.execute(query).mappings()]

    def _refuse_v6_overlap(
        self, conn: sa.Connection, wanted: list[planning.IPv6], project_id: str | None
    ) -> None:
        table = self._networks
        query = self.select(table.c.cidr_v6.is_not(None), self._meets(project_id))
        for row in conn.execute(query).mappings():
            existing = planning.IPv6(row["cidr_v6"])
            for net in wanted:
                if net.overlaps(existing):
                    raise errors.CidrConflict(
                        field="cidr_v6", value=str(net), existing=str(existing), network=row["id"]
                    )

    def _values(
        self,
        conn: sa.Connection,
        spec: NetworkSpec,
        index: int,
        net4: planning.IPv4 | None,
        net6: planning.IPv6 | None,
    ) -> dict[str, Any]:
        options = self._options
        label = spec.label if spec.num_networks == 1 else f"{spec.label}_{index}"
        multi_host = options.multi_host if self._traits.serves else False
        values = {
            "id": spec.id or str(uuid.uuid4()),
            "label": label,
            "project_id": spec.project_id,
            "dns1": spec.dns1 or options.flat_network_dns,
            "dns2": spec.dns2,
            "dhcp_options": dict(spec.dhcp_options),
            "mtu": spec.mtu,
            "priority": spec.priority,
            "multi_host": multi_host if spec.multi_host is None else spec.multi_host,
            "share_address": bool(spec.share_address),
            "enable_dhcp": spec.enable_dhcp and self._traits.serves,
            "injected": not self._traits.serves and options.flat_injected,
            "created_at": utcnow(),
            "deleted": "",
        }
        values |= self._v4_values(conn, spec, net4) if net4 is not None else {}
        values |= self._v6_values(spec, net6) if net6 is not None else {}
        return values | self._segments.draw(conn, spec, index)

    def _v4_values(
        self, conn: sa.Connection, spec: NetworkSpec, net: planning.IPv4
    ) -> dict[str, Any]:
        start = spec.allowed_start and planning.address_in(spec.allowed_start, net, "allowed_start")
        end = spec.allowed_end and planning.address_in(spec.allowed_end, net, "allowed_end")
        if spec.fixed_cidr is not None:
            part = planning.parse_v4(spec.fixed_cidr, "fixed_cidr")
            if not part.subnet_of(net):
                raise errors.AddressOutOfRange(
                    field="fixed_cidr", value=spec.fixed_cidr, cidr=str(net)
                )
            start = start or str(part.network_address)
            end = end or str(part.broadcast_address)
        if spec.gateway is not None:
            gateway = planning.address_in(spec.gateway, net, "gateway")
        else:
            gateway = spec.allowed_start and start or str(net.network_address + 1)
        server = spec.dhcp_server and planning.address_in(spec.dhcp_server, net, "dhcp_server")
        server = server or gateway
        bounds = planning.pool_bounds(net, start, end, {gateway, server})
        pool_id = self._pools.create(
            conn, bounds.first, bounds.last, excluded=list(bounds.excluded)
        )
        return {
            "cidr": str(net),
            "gateway": gateway,
            "dhcp_server": server,
            "allowed_start": start,
            "allowed_end": end,
            "pool_id": pool_id,
        }

    def _v6_values(self, spec: NetworkSpec, net: planning.IPv6) -> dict[str, Any]:
        if spec.gateway_v6 is not None:
            gateway = planning.address_in(spec.gateway_v6, net, "gateway_v6")
        else:
            gateway = str(net.network_address + 1)
        return {"cidr_v6": str(net), "gateway_v6": gateway}

    def _insert(self, conn: sa.Connection, values: dict[str, Any]) -> Row:
        try:
            conn.execute(self._networks.insert().values(values))
        except db_exc.DBDuplicateEntry as error:
            if "vlan" in str(error.columns) or "vlan" in str(error):
                raise errors.VlanInUse(field="vlan", value=values["vlan"], where="") from None
            reason = "another network has, or had, this id"
            raise errors.NetworkInUse(field="id", value=values["id"], reason=reason) from None
        return self.find(conn, values["id"])

    # -- changing ------------------------------------------------------------------------------
    # -------------

    def modify(self, conn: sa.Connection, network_id: str, changes: Mapping[str, Any]) -> Row:
        """Set columns that may change in a network's life (label, project_id, host, dns, options,
        priority)."""
        table = self._networks
        self.find(conn, network_id)
        values = {**changes, "updated_at": utcnow()}
        conn.execute(table.update().where(table.c.id == network_id).values(values))
        return self.find(conn, network_id)

    def claim(self, conn: sa.Connection, network_id: str, host: str) -> Row:
        """Become the network's host if it has none: the first who writes wins; the row says who
        did."""
        table = self._networks
        free = sa.and_(table.c.id == network_id, table.c.host.is_(None), table.c.deleted == "")
        conn.execute(table.update().where(free).values(host=host, updated_at=utcnow()))
        return self.find(conn, network_id)

    def delete(self, conn: sa.Connection, network_id: str, disassociate: bool = False) -> Row:
        """Refused while a virtual NIC is on it; while a project owns it, unless it is to be
        disassociated too."""
        self.lock(conn)
        row = self.find(conn, network_id)
        if row["project_id"] is not None and not disassociate:
            reason = f"project {row['project_id']} owns it; disassociate the project first"
            raise errors.NetworkInUse(field="network_id", value=network_id, reason=reason)
        table, fixed = self._networks, self._tables.fixed_ips
        mark = {"deleted": network_id, "deleted_at": utcnow(), "host": None}
        conn.execute(table.update().where(table.c.id == network_id).values(mark))
        if (users := self._users(conn, network_id)) > 0:
            reason = f"{users} virtual NICs or ports are on it"
            raise errors.NetworkInUse(field="network_id", value=network_id, reason=reason)
        conn.execute(fixed.delete().where(fixed.c.network_id == network_id))
        if row["pool_id"] is not None:
            self._pools.drop(conn, row["pool_id"])
        self._segments.release(conn, row)
        return row

    def _users(self, conn: sa.Connection, network_id: str) -> int:
        cards, fixed = self._tables.ethernet_cards, self._tables.fixed_ips
        on_cards = sa.select(sa.func.count()).where(
            cards.c.network_id == network_id, cards.c.deleted == ""
        )
        as_ports = sa.select(sa.func.count()).where(
            fixed.c.network_id == network_id,
            fixed.c.ethernet_card_id.is_(None),
            fixed.c.project_id.is_not(None),
        )
        return int(conn.scalar(on_cards) or 0) + int(conn.scalar(as_ports) or 0)
