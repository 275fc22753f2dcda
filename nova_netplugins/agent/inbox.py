"""What has happened since the agent last looked, each thing once, however often it was told."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from nova_netplugins.agent.wirings import Key


@dataclass
class News:
    """``sync``: compare everything, whatever else is in here."""

    devices: set[str] = field(default_factory=set)
    nics: set[Key] = field(default_factory=set)
    networks: set[tuple[str, str]] = field(default_factory=set)
    sync: bool = False

    def __bool__(self) -> bool:
        return bool(self.devices or self.nics or self.networks or self.sync)


class Inbox:
    """Filled by the threads that watch links and listen on the bus, emptied by the agent's own."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._news = News()
        self._closed = False

    def device(self, name: str) -> None:
        """A device appeared or went."""
        with self._changed:
            self._news.devices.add(name)
            self._changed.notify()

    def nic(self, service: str, nic_id: str) -> None:
        with self._changed:
            self._news.nics.add((service, nic_id))
            self._changed.notify()

    def network(self, service: str, network_id: str) -> None:
        with self._changed:
            self._news.networks.add((service, network_id))
            self._changed.notify()

    def sync(self) -> None:
        with self._changed:
            self._news.sync = True
            self._changed.notify()

    def close(self) -> None:
        """``take`` returns None from now on."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def take(self, timeout: float) -> News | None:
        """All news, as soon as there are any; none after ``timeout`` seconds; None: closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._news or self._closed, timeout)
            if self._closed:
                return None
            news, self._news = self._news, News()
            return news
