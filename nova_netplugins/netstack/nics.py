"""Virtual NICs: made and deleted with their instance, or one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from nova_netplugins import errors, plugin
from nova_netplugins.ethernet.rows import Row
from nova_netplugins.netstack import network_rows, nic_rows, requests
from nova_netplugins.netstack.networks import NetworkOperations
from nova_netplugins.netstack.tables import VIRTUAL_NICS


class NicOperations(NetworkOperations):
    def allocate_for_instance(self, request: plugin.InstanceRequest) -> Sequence[plugin.VirtualNic]:
        """All of them, or an error and none. Raises what Melange and Quantum refuse."""
        asked = requests.of_instance(request, self.melange, self.network_row)
        self.know_project(request.project_id)
        work = self.flow.start("create_nic", {"request": asked})
        rows = [work.made[nic["id"], "row"] for nic in work.document["nics"]]
        return [self._view(row) for row in rows]

    def deallocate_for_instance(self, instance_id: str) -> None:
        """They are nobody's at once; if a service is away, the rest of it is done later."""
        self.flow.start("delete_nic", {"which": {"instance_id": instance_id}})

    def delete_virtual_nic(self, nic_id: str) -> None:
        self.flow.start("delete_nic", {"which": {"nic_id": nic_id}})

    # -- reading

    def list_virtual_nics(
        self,
        *,
        instance_id: str | None = None,
        host: str | None = None,
        network_id: str | None = None,
    ) -> Sequence[plugin.VirtualNic]:
        asked = {"instance_id": instance_id, "host": host, "network_id": network_id}
        c = VIRTUAL_NICS.c
        where = [c[name] == value for name, value in asked.items() if value is not None]
        return self.virtual_nics(nic_rows.select(*where).order_by(c.created_at, c.id))

    def virtual_nics(self, query: sa.Select[Any]) -> list[plugin.VirtualNic]:
        """The NICs of a query of ``nic_rows``, in its order."""
        return [self._view(row) for row in self.rows(query)]

    def get_virtual_nic(self, nic_id: str) -> plugin.VirtualNic:
        return self._view(self.nic_row(nic_id))

    def _view(self, row: Row | Mapping[str, Any]) -> plugin.VirtualNic:
        return nic_rows.view(self.options, row)

    def wirings(self, host: str) -> Sequence[plugin.Wiring]:
        nics = self.list_virtual_nics(host=host)
        ids = sorted({str(nic.network_id) for nic in nics})
        with self.database.reading() as connection:
            rows = network_rows.find_all(connection, ids)
        networks = {network.id: network for network in self.shown_networks(rows)}
        return [plugin.Wiring(nic, networks[str(nic.network_id)]) for nic in nics]

    # -- changing

    def bind_virtual_nic(self, nic_id: str, host: str | None) -> plugin.VirtualNic:
        """Raises BindingFailed if Quantum has nothing there that would wire it: the NIC stays
        where it was."""
        self.flow.start("bind_nic", {"nic_id": nic_id, "host": host})
        return self.get_virtual_nic(nic_id)

    def report_virtual_nic(self, nic_id: str, status: str) -> None:
        if status not in (plugin.ACTIVE, plugin.DOWN):
            reason = f"it is {plugin.ACTIVE} or {plugin.DOWN}"
            raise errors.InvalidOption(field="status", value=status, reason=reason)
        self.run(nic_rows.update, nic_id, status=status)

    def rename_virtual_nic(self, nic_id: str, hostname: str | None) -> plugin.VirtualNic:
        row = self.run(nic_rows.update, nic_id, hostname=hostname)
        self.prompts.nic_changed(nic_id, row["network_id"], row["host"])
        return self._view(row)
