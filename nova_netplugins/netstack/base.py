"""What all operations of netstack stand on: its database, the two services, transactions and
prompts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

from netkit.db import Database
from netkit.upsert import insert_or_get
from nova_netplugins import plugin
from nova_netplugins.associations import Associations
from nova_netplugins.netstack import l2_drivers, requests
from nova_netplugins.netstack.conf import GROUP
from nova_netplugins.netstack.deployment import Deployment
from nova_netplugins.netstack.flow import Flow
from nova_netplugins.netstack.l2 import L2
from nova_netplugins.netstack.melange import Melange, make_melange
from nova_netplugins.netstack.steps import PLANS
from nova_netplugins.netstack.tables import PROJECTS

P = ParamSpec("P")
T = TypeVar("T")

NAME = "netstack"


class Operations:
    """``l2``, ``melange``: instead of those that the configuration names."""

    name = NAME

    def __init__(
        self,
        context: plugin.ApiContext,
        *,
        l2: L2 | None = None,
        melange: Melange | None = None,
    ) -> None:
        self.context = context
        self.options = context.conf[GROUP]
        self.database: Database = context.database
        self.associations: Associations = context.associations
        self.prompts: plugin.Prompts = context.prompts
        self.l2: L2 = l2 if l2 is not None else l2_drivers.load(context.conf, context.database)
        self.melange: Melange = melange if melange is not None else make_melange(context.conf)
        self.deployment = Deployment(self.database)
        self.flow = Flow(self, PLANS)
        self._known_projects: set[str] = set()

    def run(
        self, fn: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """One transaction."""
        return self.database.run(fn, *args, **kwargs)

    def know_project(self, project_id: str) -> None:
        """An audit looks at every project that ever had something here.

        Raises InvalidOption for one that no path of Melange's API can name.
        """
        requests.require_tenant(project_id)
        if project_id not in self._known_projects:
            self.run(_know_project, project_id)
            self._known_projects.add(project_id)

    def rows(self, query: sa.Select[Any], **parameters: Any) -> list[sa.RowMapping]:
        with self.database.reading() as connection:
            return list(connection.execute(query, parameters).mappings())


def _know_project(connection: sa.Connection, project_id: str) -> None:
    insert_or_get(connection, PROJECTS, ["project_id"], {"project_id": project_id})
