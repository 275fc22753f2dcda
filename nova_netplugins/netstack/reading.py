"""The rows of networks and virtual NICs that there are, for all operations to read."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from nova_netplugins import errors
from nova_netplugins.ethernet.rows import Columns, Row
from nova_netplugins.netstack.base import Operations
from nova_netplugins.netstack.model import ACTIVE, COMPUTE
from nova_netplugins.netstack.tables import NETWORKS, VIRTUAL_NICS


class ReadingOperations(Operations):
    """Of what is being made or deleted nothing is read here."""

    network_columns: Columns = NETWORKS.c
    nic_columns: Columns = VIRTUAL_NICS.c

    def network_rows(self, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        return sa.select(NETWORKS).where(NETWORKS.c.state == ACTIVE, *where)

    def network_row(self, network_id: str) -> Row:
        """Raises NetworkNotFound."""
        found = self.rows(self.network_rows(NETWORKS.c.id == network_id))
        if not found:
            raise errors.NetworkNotFound(field="network_id", value=network_id)
        return found[0]

    def usable_by(self, project_id: str) -> sa.ColumnElement[bool]:
        """The project's own networks, and those for all."""
        return sa.or_(NETWORKS.c.project_id == project_id, NETWORKS.c.project_id.is_(None))

    def require_usable(self, network: Row, project_id: str) -> None:
        """Raises NetworkNotFound for a network of another project."""
        if network["project_id"] not in (None, project_id):
            raise errors.NetworkNotFound(field="network_id", value=network["id"])

    def nic_rows(self, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        """Those of instances; gateways' are nobody's to see."""
        columns = VIRTUAL_NICS.c
        live = columns.state == ACTIVE, columns.purpose == COMPUTE
        return sa.select(VIRTUAL_NICS).where(*live, *where)

    def nic_row(self, nic_id: str) -> Row:
        """Raises VirtualNicNotFound."""
        found = self.rows(self.nic_rows(VIRTUAL_NICS.c.id == nic_id))
        if not found:
            raise errors.VirtualNicNotFound(field="virtual_nic_id", value=nic_id)
        return found[0]
