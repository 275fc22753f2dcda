"""One call of Melange: its errors told in our words.

This and what is beside it under the name melange are all that knows ``melange.client``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any, TypeVar

from melange.client import Client
from melange.client import errors as client_errors
from nova_netplugins.netstack import melange_errors

T = TypeVar("T")


class Calls:
    """``default_tenant``: has the blocks of networks for all projects."""

    def __init__(self, client: Client, default_tenant: str) -> None:
        self.client = client
        self._default_tenant = default_tenant

    def tenant_of(self, project_id: str | None) -> str:
        """The tenant that has the blocks of a network of this project, or of all."""
        return self._default_tenant if project_id is None else project_id

    def call(self, call: str, about: Any, function: Callable[[Client], T]) -> T:
        """``function(client)``, its errors told in our words."""
        try:
            return function(self.client)
        except client_errors.ClientError as error:
            raise melange_errors.told(error, call, about) from error
        except ValueError as error:
            # What no path of a URL can hold, such as a project id with a slash.
            raise melange_errors.MelangeRefused(
                call, answered=400, reason=str(error), value=about
            ) from error

    def gone(self, call: str, about: str, function: Callable[[Client], None]) -> None:
        """For what is not there afterwards, and need not have been."""

        def take(client: Client) -> None:
            try:
                function(client)
            except client_errors.NotFound:
                return

        self.call(call, about, take)


def shortest(address: str) -> str:
    """An address as everybody else writes it: Melange writes IPv6 addresses in full."""
    return str(ipaddress.ip_address(address))
