"""A metadata service that checks who asks as Nova's does, and echoes what it was asked."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "s3cret"


class FakeNova:
    """Serves on a free port of 127.0.0.1 from ``start`` to ``stop``; then ``start`` again.

    ``/big`` is an answer of 5 MiB, ``/drip`` one that never ends, ``/slow`` none before ``wake``.
    """

    def __init__(self) -> None:
        self.asked = 0
        self.wake = threading.Event()
        self.port = 0
        self._server: ThreadingHTTPServer | None = None
        self.start()

    def start(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self.wake.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def _handler(nova: FakeNova) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            nova.asked += 1
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if not self.is_signed():
                self.reply(403, {"error": "Invalid proxy request signature."})
            elif self.path == "/drip":
                self.drip()
            else:
                if self.path == "/slow":
                    nova.wake.wait(10)
                self.reply(201, self.echo(body))

        do_GET = do_HEAD = do_POST = do_PUT = answer

        def is_signed(self) -> bool:
            instance = self.headers["X-Instance-ID"] or ""
            wanted = hmac.new(SECRET.encode(), instance.encode(), hashlib.sha256).hexdigest()
            return hmac.compare_digest(self.headers["X-Instance-ID-Signature"] or "", wanted)

        def echo(self, body: bytes) -> dict[str, Any]:
            return {
                "method": self.command,
                "path": self.path,
                "headers": list(self.headers.items()),
                "body": body.decode(),
                "padding": "x" * (5 * 1024 * 1024 if self.path == "/big" else 0),
            }

        def reply(self, status: int, content: dict[str, Any]) -> None:
            data = json.dumps(content).encode()
            self.send_response(status, "As Nova Says")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("X-Nova", "one")
            self.send_header("X-Nova", "two")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def drip(self) -> None:
            self.send_response(200)
            self.end_headers()
            while not nova.wake.is_set():
                self.wfile.write(b"x")
                time.sleep(0.05)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
