"""The servers that gabbits call: each file names the one it wants, and has it for itself."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from gabbi.fixture import GabbiFixture

from melange import conf as configuration
from melange.api.application import make_application
from melange.db.opening import ready_database
from melange.events import Events
from netkit.wsgi.environment import Environ, StartResponse, WsgiApp

_serving: list[WsgiApp] = []


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """The server of the file whose tests run now."""
    return _serving[-1](environ, start_response)


class Melange(GabbiFixture):
    """Melange over an empty SQLite database, as it is out of the box."""

    settings = ""

    def start_fixture(self) -> None:
        self._stack = ExitStack()
        directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        file = directory / "melange.conf"
        file.write_text(
            f"[DEFAULT]\nstate_path = {directory}\n[api]\naccess_log = off\n{self.settings}"
        )
        conf = configuration.load([], config_files=[str(file)])
        database = ready_database(conf)
        self._stack.callback(database.close)
        events = Events(conf, database)
        self._stack.callback(events.close)
        _serving.append(self.around(make_application(conf, database, events)))
        self._stack.callback(_serving.pop)

    def stop_fixture(self) -> None:
        self._stack.close()

    def around(self, app: WsgiApp) -> WsgiApp:
        return app


class NetworksByDefault(Melange):
    """Unknown networks get a block."""

    settings = "[ipam]\ndefault_cidr = 10.0.0.0/24\n"


class AddressesOfMacs(Melange):
    """IPv6 addresses are made of MAC addresses only."""

    settings = "[ipam]\nipv6_generator = rfc2462\n"


class Telling(Melange):
    """Notifications are logged. ``GET /told`` shows their types, in their order, ``GET
    /told?type=`` the payloads of those of one type: ``{"told": [...]}``.
    """

    settings = "[events]\ndrivers = log\n"

    def start_fixture(self) -> None:
        super().start_fixture()
        logger = logging.getLogger("melange.notifier")
        self._told = _Told()
        logger.addHandler(self._told)
        self._stack.callback(logger.removeHandler, self._told)
        self._stack.callback(logger.setLevel, logger.level)
        logger.setLevel(logging.INFO)

    def around(self, app: WsgiApp) -> WsgiApp:
        def with_told(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            if environ["PATH_INFO"] != "/told":
                return app(environ, start_response)
            wanted = parse_qs(environ["QUERY_STRING"]).get("type")
            told = self._told.payloads(wanted[0]) if wanted else self._told.types()
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps({"told": told}).encode()]

        return with_told


class NoQuarantine(Telling):
    """Released addresses can be had again at once."""

    settings = f"{Telling.settings}[ipam]\nkeep_deallocated_ips_for_days = 0\n"


class _Told(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self._events: list[tuple[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        kind, _, payload = record.getMessage().partition(" {")
        self._events.append((kind, json.loads("{" + payload)))

    def types(self) -> list[str]:
        return [kind for kind, _ in self._events]

    def payloads(self, wanted: str) -> list[Any]:
        return [payload for kind, payload in self._events if kind == wanted]
