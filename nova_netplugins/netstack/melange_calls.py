"""One call of Melange: its errors told in our words.

This and what is beside it under the name melange are all that knows ``melange.client``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
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

    def gone(self, call: str, about: str, function: Callable[[Client], None]) -> None:
        """For what is not there afterwards, and need not have been."""

        def take(client: Client) -> None:
            try:
                function(client)
            except client_errors.NotFound:
                return

        self.call(call, about, take)


def shortest(address: str) -> str:
    """An address as everybody else writes it: Melange writes IPv6 addresses in full.

    For those that Melange itself has drawn. Raises MelangeGarbled.
    """
    return str(_read("an IP address", address, ipaddress.ip_address))


def cidr_of(found: Mapping[str, Any]) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Of a block as the client shows it. Raises MelangeGarbled."""
    return _read("a CIDR", found["cidr"], ipaddress.ip_network)


def _read(wanted: str, text: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise melange_errors.MelangeGarbled(
            "show blocks and addresses", value=text, wanted=wanted
        ) from error
