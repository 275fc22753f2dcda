"""Floating IPs: an operator's ranges, a project's addresses."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from nova_netplugins import errors, plugin
from nova_netplugins.ethernet import views
from nova_netplugins.ethernet.floating import FloatingIps
from nova_netplugins.ethernet.operations.base import Operations
from nova_netplugins.ethernet.quotas import Quota
from nova_netplugins.ethernet.rows import Row


class FloatingOperations(Operations):
    @property
    def floating(self) -> FloatingIps:
        if self._nics.floating is None:
            raise errors.ServiceCannot(value="floating IPs", service=self.traits.name)
        return self._nics.floating

    @property
    def _floating_quota(self) -> Quota:
        ips, options = self.floating.table, self._context.conf[self.traits.name]
        limit, noun = options.quota_floating_ips, "floating addresses"
        return Quota(self.tables.locks, ips, ips.c.auto_assigned.is_(False), limit, noun)

    def allocate_floating_ip(
        self, project_id: str, pool: str | None = None, address: str | None = None
    ) -> plugin.FloatingIp:
        floating = self.floating

        def allocate(conn: sa.Connection) -> Row:
            self._pin(conn, project_id)
            with self._floating_quota.kept(conn, project_id):
                return floating.allocate(conn, project_id, pool, address)

        return views.floating_ip(self._run(allocate))

    def release_floating_ip(self, address: str) -> None:
        self._run(self.floating.release, address)

    def associate_floating_ip(
        self, address: str, fixed_address: str, nic_id: str
    ) -> plugin.FloatingIp:
        """Both must be of one project. From another fixed address the floating one is moved."""
        floating = self.floating

        def associate(conn: sa.Connection) -> tuple[Row, Row]:
            card = self._nics.cards.find(conn, nic_id)
            before = floating.find(conn, address)
            if before["project_id"] != card["project_id"]:
                raise errors.FloatingIpNotFound(field="floating_ip", value=address)
            fixed = self._nics.addresses.find(conn, fixed_address, card["network_id"])
            if fixed["ethernet_card_id"] != nic_id:
                raise errors.FixedIpNotFound(field="fixed_address", value=fixed_address)
            return before, floating.associate(conn, address, fixed)

        before, after = self._run(associate)
        self._prompt_floating(before)
        return self._prompt_floating(after)

    def disassociate_floating_ip(self, address: str) -> plugin.FloatingIp:
        self._prompt_floating(self._run(self.floating.disassociate, address))
        return self.get_floating_ip(address)

    def _prompt_floating(self, row: Row) -> plugin.FloatingIp:
        if row["network_id"] is not None:
            self._context.prompts.network_changed(row["network_id"])
        return views.floating_ip(row)

    def get_floating_ip(self, address: str) -> plugin.FloatingIp:
        floating = self.floating
        with self._context.database.reading() as conn:
            return views.floating_ip(floating.find(conn, address))

    def list_floating_ips(self, project_id: str | None = None) -> Sequence[plugin.FloatingIp]:
        where = [] if project_id is None else [self.floating.columns.project_id == project_id]
        return [views.floating_ip(row) for row in self.rows(self.floating.select(*where))]

    # -- ranges ------------------------------------------------------------------------------------

    def floating_ranges(self) -> list[Row]:
        floating = self.floating
        with self._context.database.reading() as conn:
            return floating.ranges(conn)

    def create_floating_range(
        self, ip_range: str, pool: str | None = None, interface: str | None = None
    ) -> Row:
        return self._run(self.floating.create_range, ip_range, pool, interface)

    def delete_floating_range(self, ip_range: str) -> None:
        self._run(self.floating.delete_range, ip_range)
