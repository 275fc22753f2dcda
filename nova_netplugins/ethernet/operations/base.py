"""What all operations stand on: the service's tables, its parts, transactions and prompts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

from nova_netplugins import plugin
from nova_netplugins.ethernet.nics import Nics
from nova_netplugins.ethernet.ports import Ports
from nova_netplugins.ethernet.rows import Row
from nova_netplugins.ethernet.serving import Serving
from nova_netplugins.ethernet.tables import EthernetTables
from nova_netplugins.ethernet.traits import Traits

P = ParamSpec("P")
T = TypeVar("T")

Columns = Mapping[str, sa.ColumnElement[Any]]


class Operations:
    def __init__(self, traits: Traits, tables: EthernetTables, context: plugin.ApiContext) -> None:
        self.traits = traits
        self.tables = tables
        self._context = context
        transit_range = context.conf.gateway.transit_range
        self._nics = Nics(
            traits, tables, context.conf[traits.name], context.associations, transit_range
        )
        self._ports = Ports(tables, self._nics)
        self._serving = Serving(traits, tables, self._nics)

    def _run(
        self, fn: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """One transaction; before the first, the pool of MACs is there."""
        if not self._nics.cards.pool_id:
            self._nics.cards.pool_id = self._context.database.run(self._nics.cards.prepare)
        return self._context.database.run(fn, *args, **kwargs)

    def rows(self, query: sa.Select[Any]) -> list[Row]:
        with self._context.database.reading() as conn:
            return list(conn.execute(query).mappings())

    def _pin(self, conn: sa.Connection, project_id: str) -> None:
        self._context.associations.pin(conn, project_id, self.traits.name)

    def _prompt_card(self, card: Row) -> None:
        self._context.prompts.nic_changed(card["id"], card["network_id"], card["host"])

    def _prompt_nic(self, nic: plugin.VirtualNic) -> plugin.VirtualNic:
        self._context.prompts.nic_changed(nic.id, nic.network_id, nic.host)
        return nic
