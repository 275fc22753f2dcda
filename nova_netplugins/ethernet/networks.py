"""Networks of an Ethernet service: made, found, changed and deleted, each within the caller's
transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg

from netkit.pool import Pools
from nova_netplugins import errors
from nova_netplugins.ethernet import planning
from nova_netplugins.ethernet.making import NetworkMaker, refuse_dhcp_options
from nova_netplugins.ethernet.rows import Row, utcnow
from nova_netplugins.ethernet.segments import Segments
from nova_netplugins.ethernet.specs import NetworkSpec
from nova_netplugins.ethernet.tables import EthernetTables
from nova_netplugins.ethernet.traits import Traits


class Networks:
    """The networks table and the pools behind it: addresses of each network, VLANs of each
    interface."""

    def __init__(
        self,
        traits: Traits,
        tables: EthernetTables,
        options: cfg.GroupAttr,
        transit_range: str,
    ) -> None:
        self._traits = traits
        self._tables = tables
        self._networks = tables.networks
        self._options = options
        self._pools = Pools(tables.pools)
        self._segments = Segments(traits, self._pools, options)
        self._maker = NetworkMaker(
            traits, self._networks, self._pools, self._segments, options, transit_range
        )

    # -- reading -------------------------------------------------------------------------------

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

    def create(self, conn: sa.Connection, spec: NetworkSpec) -> list[Row]:
        """One row for each network of the spec, with its pools; all or none."""
        self.lock(conn)
        return self.find_all(conn, self._maker.make(conn, spec))

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

    # -- changing ------------------------------------------------------------------------------

    def modify(self, conn: sa.Connection, network_id: str, changes: Mapping[str, Any]) -> Row:
        """Set columns that may change in a network's life (label, project_id, host, dns, options,
        priority).

        Another project is refused while NICs or ports are on the network that it shuts out.
        """
        table = self._networks
        refuse_dhcp_options(changes.get("dhcp_options", {}))
        if "project_id" in changes:
            self.lock(conn)
        here = self.select(table.c.id == network_id).with_for_update()
        row = conn.execute(here).mappings().first()
        if row is None:
            raise errors.NetworkNotFound(field="network_id", value=network_id)
        planning.refuse_small_mtu(changes.get("mtu"), row["cidr_v6"])
        project_id = changes.get("project_id", row["project_id"])
        if project_id != row["project_id"]:
            self._refuse_owner(conn, row, project_id)
        values = {**changes, "updated_at": utcnow()}
        conn.execute(table.update().where(table.c.id == network_id).values(values))
        return self.find(conn, network_id)

    def _refuse_owner(self, conn: sa.Connection, row: Row, project_id: str | None) -> None:
        """Raises NetworkInUse or CidrConflict if the network cannot become this project's."""
        if project_id is None and not self._traits.own_networks:
            shut_out = 0
        else:
            shut_out = self._users(conn, row["id"], but_of=project_id)
        if shut_out:
            reason = f"{_counted(shut_out)}, of another project; delete them first"
            raise errors.NetworkInUse(field="network_id", value=row["id"], reason=reason)
        # Of own networks, one that waits for a project meets no other before it has one.
        if project_id is not None or not self._traits.own_networks:
            self._maker.refuse_overlap(conn, row, project_id)

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
            reason = f"{_counted(users)}; delete them first"
            raise errors.NetworkInUse(field="network_id", value=network_id, reason=reason)
        conn.execute(fixed.delete().where(fixed.c.network_id == network_id))
        if row["pool_id"] is not None:
            self._pools.drop(conn, row["pool_id"])
        self._segments.release(conn, row)
        return row

    def _users(self, conn: sa.Connection, network_id: str, but_of: str | None = None) -> int:
        """How many NICs, and ports without a NIC, are on the network; ``but_of``: less those of
        this project."""
        cards, fixed = self._tables.ethernet_cards, self._tables.fixed_ips
        on_cards = sa.select(sa.func.count()).where(
            cards.c.network_id == network_id, cards.c.deleted == ""
        )
        as_ports = sa.select(sa.func.count()).where(
            fixed.c.network_id == network_id,
            fixed.c.ethernet_card_id.is_(None),
            fixed.c.project_id.is_not(None),
        )
        if but_of is not None:
            on_cards = on_cards.where(cards.c.project_id != but_of)
            as_ports = as_ports.where(fixed.c.project_id != but_of)
        return int(conn.scalar(on_cards) or 0) + int(conn.scalar(as_ports) or 0)


def _counted(users: int) -> str:
    return (
        "1 virtual NIC or port is on it"
        if users == 1
        else f"{users} virtual NICs or ports are on it"
    )
