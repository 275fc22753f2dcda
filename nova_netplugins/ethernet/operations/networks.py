"""Networks, and what a host that serves them asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from nova_netplugins import errors, plugin
from nova_netplugins.ethernet import views
from nova_netplugins.ethernet.operations.base import Operations
from nova_netplugins.ethernet.rows import Row
from nova_netplugins.ethernet.specs import NetworkSpec

CHANGEABLE = frozenset(
    {"label", "project_id", "host", "dns1", "dns2", "dhcp_options", "mtu", "priority"}
)


class NetworkOperations(Operations):
    def create_networks(self, spec: NetworkSpec) -> list[Row]:
        """All networks of the spec or none; rows in order."""
        return self._run(self._nics.networks.create, spec)

    def list_networks(self, project_id: str | None = None) -> Sequence[plugin.Network]:
        networks = self._nics.networks
        where = [] if project_id is None else [networks.usable_by(project_id)]
        ordered = networks.select(*where).order_by("created_at", "id")
        return [views.network(row) for row in self.rows(ordered)]

    def get_network(self, network_id: str) -> plugin.Network:
        return views.network(self.network_row(network_id))

    def network_row(self, network_id: str) -> Row:
        with self._context.database.reading() as conn:
            return self._nics.networks.find(conn, network_id)

    def network_rows(self, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        return self._nics.networks.select(*where)

    def modify_network(self, network_id: str, changes: dict[str, Any]) -> Row:
        """``changes``: some of CHANGEABLE. A project is given up only when it has no NIC on the
        network."""
        unknown = set(changes) - CHANGEABLE
        if unknown:
            reason = f"a network's {', '.join(sorted(CHANGEABLE))} can be changed"
            raise errors.InvalidOption(
                field=min(unknown), value=changes[min(unknown)], reason=reason
            )
        row = self._run(self._nics.networks.modify, network_id, changes)
        self._context.prompts.network_changed(network_id)
        return row

    def delete_network(self, network_id: str, disassociate: bool = False) -> None:
        """``disassociate``: even from the project that owns it. Never while a NIC is on it."""
        self._run(self._nics.networks.delete, network_id, disassociate)
        self._context.prompts.network_changed(network_id)

    def usable_by(self, project_id: str) -> sa.ColumnElement[bool]:
        return self._nics.networks.usable_by(project_id)

    def require_usable(self, network: Row, project_id: str) -> None:
        """Raises NetworkNotFound for a network of another project."""
        self._nics.require_usable(network, project_id)

    # -- served on a host

    def claim_networks(self, host: str) -> list[str]:
        """Ids of the networks that the host serves, after it took those that nobody did."""
        return self._run(self._serving.claim, host)

    def serving_state(self, network_id: str) -> str:
        """As ``Serving.state``."""
        with self._context.database.reading() as conn:
            return self._serving.state(conn, self._nics.networks.find(conn, network_id))

    def describe_serving(
        self, host: str, network_id: str, nic_id: str | None = None
    ) -> dict[str, Any]:
        """As ``Serving.describe``."""
        serving = self._described(host, network_id, nic_id)
        if self._serving.needs_address(serving):
            self._run(self._serving.give_address, host, network_id)
            serving = self._described(host, network_id, nic_id)
        return serving

    def _described(self, host: str, network_id: str, nic_id: str | None) -> dict[str, Any]:
        with self._context.database.reading() as conn:
            return self._serving.describe(conn, host, network_id, nic_id)

    def set_leased(
        self,
        network_id: str,
        leased: Sequence[str],
        released: Sequence[str],
        complete: bool = False,
    ) -> None:
        """What DHCP says: these addresses are leased, and these not any more.

        ``complete``: no others of the network are leased.
        """

        def change(conn: sa.Connection) -> None:
            self._nics.networks.find(conn, network_id)
            addresses = self._nics.addresses
            ended = set(released)
            if complete:
                ended |= addresses.leased(conn, network_id) - set(leased)
            addresses.set_leased(conn, network_id, sorted(leased), True)
            addresses.set_leased(conn, network_id, sorted(ended), False)

        self._run(change)
