"""Which transit addresses each network has on this host, and so which networks are served here.

Kept in a file, shared by all services of the host: a restart gives a network the same addresses, so
that what it set up before needs no change and running connections live on.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from oslo_concurrency import lockutils

from nova_netplugins.host.errors import HostError
from nova_netplugins.host.router import Transit

Book = dict[str, dict[str, Any]]


class TransitBook:
    """``path``: the file; ``transit_range``: a CIDR, of which each network gets a /31."""

    def __init__(self, path: Path, transit_range: str, service: str) -> None:
        self._path = path
        self._range = ipaddress.IPv4Network(transit_range)
        self._service = service

    def assign(self, network_id: str) -> Transit:
        """The network's pair of addresses, the lowest free one at first. Raises HostError (none
        left)."""
        with self._locked() as book:
            if network_id not in book:
                book[network_id] = {"service": self._service, "index": self._lowest_free(book)}
                self._write(book)
            first = self._range.network_address + 2 * book[network_id]["index"]
        return Transit(f"{first}/31", f"{first + 1}/31")

    def release(self, network_id: str) -> None:
        with self._locked() as book:
            if book.pop(network_id, None) is not None:
                self._write(book)

    def networks(self) -> list[str]:
        """The networks that this service has on this host."""
        with self._locked() as book:
            return [key for key, entry in book.items() if entry["service"] == self._service]

    def _lowest_free(self, book: Book) -> int:
        taken = {entry["index"] for entry in book.values()}
        for index in range(self._range.num_addresses // 2):
            if index not in taken:
                return index
        raise HostError(
            f"transit_range {self._range} is used up by {len(taken)} networks; widen it"
        )

    @contextlib.contextmanager
    def _locked(self) -> Iterator[Book]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with lockutils.lock("transit", external=True, lock_path=str(self._path.parent)):
            yield json.loads(self._path.read_text()) if self._path.exists() else {}

    def _write(self, book: Book) -> None:
        with tempfile.NamedTemporaryFile("w", dir=self._path.parent, delete=False) as file:
            json.dump(book, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        os.replace(file.name, self._path)
