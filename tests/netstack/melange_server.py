"""Melange as netstack's tests use it: the whole application behind HTTP, on SQLite."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from melange.client import Client, connect
from netkit.wsgi.server import Server
from tests.melange import service

MAC_RANGE = "FA:16:3E:C0:00:00/26"


@dataclass(frozen=True)
class MelangeServer:
    """``client``: an administrator."""

    url: str
    client: Client


@contextlib.contextmanager
def melange_server(
    directory: Path, mac_range: str | None = MAC_RANGE, settings: str = ""
) -> Iterator[MelangeServer]:
    """``settings``: of its configuration."""
    directory.mkdir(exist_ok=True)
    melange = service.service(directory, settings)
    server = Server(melange.app)
    server.start()
    try:
        client = connect(server.url)
        if mac_range is not None:
            client.mac_address_ranges.create(mac_range)
        yield MelangeServer(server.url, client)
    finally:
        server.stop()
        melange.database.close()
