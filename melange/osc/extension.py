"""openstack ipam extension"""

from __future__ import annotations

from collections.abc import Sequence

from melange.client.types import Extension
from melange.osc import base
from melange.osc.base import Args


class ListExtension(base.Lister):
    """List what the server can do beyond the original Melange v0.1"""

    takes_tenant = False
    columns = ("alias", "name", "description")

    def objects(self, args: Args) -> Sequence[Extension]:
        return self.ipam.extensions.list()
