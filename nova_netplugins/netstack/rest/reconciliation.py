"""``/reconciliation``: what requests that were broken off have left to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.wsgi.request import Request, Result
from nova_netplugins.netstack.reconciler import NotDone

if TYPE_CHECKING:
    from nova_netplugins.netstack.net_api import NetstackNetApi


class Reconciliation:
    def __init__(self, api: NetstackNetApi) -> None:
        self._api = api

    def update(self, request: Request) -> Result:
        """It is finished or undone; and what others changed in Melange and Quantum is followed, if
        nobody has looked since ``follow_interval``. Many may ask at once. What cannot be done now
        is told in ``failed``; the next request tries it again."""
        # No error: it would not tell of what was done all the same.
        lines = self._api.reconcile(due=True)
        failed = [line for line in lines if isinstance(line, NotDone)]
        changed = [line for line in lines if not isinstance(line, NotDone)]
        return 200, {"reconciliation": {"changed": changed, "failed": failed}}
