"""Melange that tells of its changes, and somebody who is told."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from oslo_config import cfg

from melange import conf as configuration
from melange.api.application import make_application
from melange.db import MELANGE
from melange.events import Events
from netkit import migrations
from netkit.db import Database
from tests.melange.everywhere import Melange

LOCAL = "[webhooks]\nallow_private_addresses = true\npoll_interval = 1\n"


def configure(database_url: str, settings: str) -> cfg.ConfigOpts:
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        common = f"[database]\nconnection = {database_url}\n[api]\naccess_log = off\n"
        file.write(f"{common}[DEFAULT]\n{settings}")
        file.flush()
        return configuration.load([], config_files=[file.name])


@contextlib.contextmanager
def telling(
    database_url: str, settings: str = LOCAL, *, delivers: bool = True
) -> Iterator[tuple[Melange, Events]]:
    conf = configure(database_url, settings)
    with contextlib.closing(Database(conf.database)) as database:
        migrations.upgrade(database, MELANGE)
        with contextlib.closing(Events(conf, database)) as events:
            if delivers:
                events.start()
            yield Melange(make_application(conf, database, events), database, conf), events


@dataclass
class Call:
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def is_signed_by(self, secret: str) -> bool:
        """As the specification says, and not as we do it."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = b".".join(
            [self.headers["webhook-id"].encode(), self.headers["webhook-timestamp"].encode()]
        )
        digest = hmac.new(key, signed + b"." + self.body, hashlib.sha256).digest()
        return self.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()


@dataclass
class Receiver:
    """Answers with the next of ``answers``, and with 200 when there are no more."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    @property
    def types(self) -> list[str]:
        return [call.json["type"] for call in self.calls]


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.calls.append(Call(headers, body))
            status = receiver.answers.pop(0) if receiver.answers else 200
            self.send_response(status)
            if status == 302:
                self.send_header("Location", receiver.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook?of=melange"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
