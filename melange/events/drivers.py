"""Where notifications go."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from oslo_config import cfg

from melange.events.messages import Event

LOG = logging.getLogger("melange.notifier")


class Driver(Protocol):
    """``dropped``: how many events were lost since the start."""

    @property
    def dropped(self) -> int: ...

    def send(self, events: Iterable[Event]) -> None:
        """Must neither block nor raise."""

    def close(self) -> None: ...


class LogDriver:
    """A line each in the logger ``melange.notifier``."""

    dropped = 0

    def send(self, events: Iterable[Event]) -> None:
        for event in events:
            LOG.info("%s %s", event.type, json.dumps(event.payload, ensure_ascii=False))

    def close(self) -> None:
        return


def load(conf: cfg.ConfigOpts) -> list[Driver]:
    """The drivers that the configuration names, but for noop. Raises what they raise."""
    names = dict.fromkeys(conf.events.drivers)
    return [_DRIVERS[name](conf) for name in names if name != "noop"]


def _messaging(conf: cfg.ConfigOpts) -> Driver:
    # Who does not use oslo.messaging is spared its many modules.
    from melange.events.notifications import MessagingDriver

    return MessagingDriver(conf)


_DRIVERS: dict[str, Callable[[cfg.ConfigOpts], Driver]] = {
    "log": lambda conf: LogDriver(),
    "messaging": _messaging,
}
