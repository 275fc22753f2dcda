"""The rows of networks and virtual NICs that there are, for all operations to read."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from nova_netplugins.ethernet.rows import Columns, Row
from nova_netplugins.netstack import network_rows, nic_rows
from nova_netplugins.netstack.base import Operations
from nova_netplugins.netstack.tables import NETWORKS, VIRTUAL_NICS


class ReadingOperations(Operations):
    """Of what is being made or deleted nothing is read here."""

    network_columns: Columns = NETWORKS.c
    nic_columns: Columns = VIRTUAL_NICS.c

    def network_rows(self, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        return network_rows.select(*where)

    def network_row(self, network_id: str) -> Row:
        """Raises NetworkNotFound."""
        with self.database.reading() as connection:
            return network_rows.find(connection, network_id)

    def usable_by(self, project_id: str) -> sa.ColumnElement[bool]:
        return network_rows.usable_by(project_id)

    def require_usable(self, network: Row, project_id: str) -> None:
        """Raises NetworkNotFound for a network of another project."""
        network_rows.require_usable(network, project_id)

    def nic_rows(self, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        """Those of instances; gateways' are nobody's to see."""
        return nic_rows.select(*where)

    def nic_row(self, nic_id: str) -> Row:
        """Raises VirtualNicNotFound."""
        with self.database.reading() as connection:
            return nic_rows.find(connection, nic_id)
