"""What net-api says of this host: the NICs bound to it, of all services, as they were last fetched.

An agent acts only on what it has fetched: while net-api is away the last answer stands, and nothing
is ever taken down because a question failed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from netkit.errors import NotFound, Unavailable
from nova_netplugins import wire
from nova_netplugins.client import Client
from nova_netplugins.plugin import Wiring

LOG = logging.getLogger(__name__)

Key = tuple[str, str]
"""A service's name and the id of one of its NICs."""


@dataclass(frozen=True)
class Entry:
    service: str
    wiring: Wiring

    @property
    def key(self) -> Key:
        return self.service, self.wiring.nic.id


class Wirings:
    """Refreshed and reported through by one thread, read by any.

    What asks net-api raises ``ServiceError`` when that fails.
    """

    def __init__(self, client: Client, host_name: str) -> None:
        self._client = client.below("hosts", host_name)
        self._entries: dict[Key, Entry] = {}
        self._by_device: dict[str, Entry] = {}
        self._statuses: dict[Key, str] = {}

    def refresh(self) -> None:
        """Ask net-api. When that fails, or the answer makes no sense, the last one stands."""
        answer = self._client.get("wirings")
        try:
            entries = [
                Entry(str(row["service"]), wire.from_dict(Wiring, row)) for row in answer["wirings"]
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise Unavailable(f"net-api's list of wirings makes no sense: {error}") from error
        self._entries = {entry.key: entry for entry in entries}
        self._by_device = {entry.wiring.nic.device: entry for entry in entries}
        self._statuses = {entry.key: entry.wiring.nic.status for entry in entries}

    def of(self, service: str) -> Sequence[Wiring]:
        """A service's part of the last answer."""
        return [entry.wiring for entry in self if entry.service == service]

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries.values()))

    def nic(self, key: Key) -> Entry | None:
        return self._entries.get(key)

    def device(self, name: str) -> Entry | None:
        return self._by_device.get(name)

    def status(self, key: Key) -> str | None:
        """What net-api believes of a NIC."""
        return self._statuses.get(key)

    def report(self, service: str, nic_id: str, status: str) -> None:
        """Tell net-api, unless it knows. A NIC that was deleted meanwhile needs no status."""
        key = (service, nic_id)
        if self._statuses.get(key) == status:
            return
        body = {"virtual_nic": {"service": service, "status": status}}
        try:
            self._client.put(f"virtual_nics/{nic_id}", body)
        except NotFound:
            LOG.debug("virtual NIC %s of %s is gone: not reported %s", nic_id, service, status)
        self._statuses[key] = status
