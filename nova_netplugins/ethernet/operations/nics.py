"""Virtual NICs: for an instance all at once, or one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from nova_netplugins import errors, plugin
from nova_netplugins.ethernet import views
from nova_netplugins.ethernet.nics import Deleted
from nova_netplugins.ethernet.operations.base import Operations


class NicOperations(Operations):
    def allocate_for_instance(self, request: plugin.InstanceRequest) -> Sequence[plugin.VirtualNic]:
        nics = self._run(self._nics.allocate, request)
        return [self._prompt_nic(nic) for nic in nics]

    def deallocate_for_instance(self, instance_id: str) -> None:
        self._prompt_deleted(self._run(self._nics.deallocate, instance_id))

    def create_virtual_nic(
        self, project_id: str, network_id: str | None = None, **wishes: Any
    ) -> plugin.VirtualNic:
        """Wishes as in ``Nics.create``: addresses, mac, instance_id, host, hostname."""
        return self._prompt_nic(self._run(self._nics.create, project_id, network_id, **wishes))

    def list_virtual_nics(
        self,
        *,
        instance_id: str | None = None,
        host: str | None = None,
        network_id: str | None = None,
    ) -> Sequence[plugin.VirtualNic]:
        asked = {"instance_id": instance_id, "host": host, "network_id": network_id}
        columns = self.tables.ethernet_cards.c
        where = [columns[name] == value for name, value in asked.items() if value is not None]
        return self.virtual_nics(self.card_rows(*where).order_by("created_at", "id"))

    def card_rows(self, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        return self._nics.cards.select(*where)

    def virtual_nics(self, query: sa.Select[Any]) -> list[plugin.VirtualNic]:
        """The NICs of a query of ``card_rows``, in its order."""
        with self._context.database.reading() as conn:
            return self._nics.view_all(conn, conn.execute(query).mappings())

    def get_virtual_nic(self, nic_id: str) -> plugin.VirtualNic:
        with self._context.database.reading() as conn:
            return self._nics.view(conn, nic_id)

    def delete_virtual_nic(self, nic_id: str) -> None:
        def delete(conn: sa.Connection) -> Deleted:
            return self._nics.delete(conn, [self._nics.cards.find(conn, nic_id, lock=True)])

        self._prompt_deleted(self._run(delete))

    def _prompt_deleted(self, deleted: Deleted) -> None:
        for card in deleted.cards:
            self._prompt_card(card)
        for network_id in sorted(deleted.networks):
            self._context.prompts.network_changed(network_id)

    def bind_virtual_nic(self, nic_id: str, host: str | None) -> plugin.VirtualNic:
        before = self.get_virtual_nic(nic_id)
        nic = self._update_nic(nic_id, host=host, status=plugin.DOWN)
        if before.host not in (None, host):
            self._prompt_nic(before)
        return self._prompt_nic(nic)

    def report_virtual_nic(self, nic_id: str, status: str) -> None:
        if status not in (plugin.ACTIVE, plugin.DOWN):
            reason = f"it is {plugin.ACTIVE} or {plugin.DOWN}"
            raise errors.InvalidOption(field="status", value=status, reason=reason)
        self._update_nic(nic_id, status=status)

    def rename_virtual_nic(self, nic_id: str, hostname: str | None) -> plugin.VirtualNic:
        return self._prompt_nic(self._update_nic(nic_id, hostname=hostname))

    def _update_nic(self, nic_id: str, **values: Any) -> plugin.VirtualNic:
        def update(conn: sa.Connection) -> plugin.VirtualNic:
            self._nics.cards.update(conn, nic_id, **values)
            return self._nics.view(conn, nic_id)

        return self._run(update)

    def attach_virtual_nic(self, nic_id: str, instance_id: str) -> plugin.VirtualNic:
        """Associate a NIC that has no instance with one."""

        def attach(conn: sa.Connection) -> plugin.VirtualNic:
            card = self._nics.cards.find(conn, nic_id, lock=True)
            if card["instance_id"] != instance_id:
                self._nics.attach(conn, card, instance_id)
            return self._nics.view(conn, nic_id)

        return self._prompt_nic(self._run(attach))

    def detach_virtual_nic(self, nic_id: str) -> plugin.VirtualNic:
        card = self._run(self._nics.detach, nic_id)
        self._prompt_card(card)
        return self.get_virtual_nic(nic_id)

    def wirings(self, host: str) -> Sequence[plugin.Wiring]:
        nics = [nic for nic in self.list_virtual_nics(host=host) if nic.network_id is not None]
        with self._context.database.reading() as conn:
            ids = sorted({str(nic.network_id) for nic in nics})
            networks = {
                row["id"]: views.network(row) for row in self._nics.networks.find_all(conn, ids)
            }
        return [plugin.Wiring(nic, networks[str(nic.network_id)]) for nic in nics]
