"""``/reconciliation``: what requests that were broken off have left to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netkit.wsgi.request import Request, Result

if TYPE_CHECKING:
    from nova_netplugins.netstack.net_api import NetstackNetApi


class Reconciliation:
    def __init__(self, api: NetstackNetApi) -> None:
        self._api = api

    def update(self, request: Request) -> Result:
        """It is finished or undone; and what others changed in Melange and Quantum is followed, if
        nobody has looked since ``follow_interval``. Many may ask at once."""
        return 200, {"reconciliation": {"changed": list(self._api.reconcile(due=True))}}
