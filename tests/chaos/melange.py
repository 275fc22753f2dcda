"""Melange, as the clients of tools.ipamcheck see it: over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError

from tools.ipamcheck.adapter import Full, NotDone, Refused, Unknown

PATIENCE = urllib3.Timeout(connect=5, read=45)


class Melange:
    """A pool is a block of the tenant; ``blocks`` tells their ids. An owner is an interface."""

    def __init__(self, url: str, tenant: str, blocks: Mapping[str, str], connections: int) -> None:
        self._http = urllib3.PoolManager(maxsize=connections, timeout=PATIENCE, retries=False)
        self._url = f"{url}/v0.1/ipam/tenants/{tenant}/ip_blocks"
        self._blocks = blocks

    def allocate(
        self, pool: str, owner: str, *, count: int, address: str | None, key: str | None
    ) -> Sequence[str]:
        asked: dict[str, Any] = {"interface_id": owner}
        asked |= {"address": address} if address else {"count": count} if count > 1 else {}
        headers = {"Idempotency-Key": key} if key else {}
        told = self._call("POST", self._of(pool), {"ip_address": asked}, headers).json()
        return [one["address"] for one in told.get("ip_addresses") or [told["ip_address"]]]

    def release(self, pool: str, address: str, owner: str) -> None:
        # With the ETag a release that was under way for long cannot hit the address's next owner.
        try:
            shown = self._call("GET", self._of(pool, address))
            if shown.json()["ip_address"]["interface_id"] == owner:
                self._call(
                    "DELETE", self._of(pool, address), None, {"If-Match": shown.headers["ETag"]}
                )
        except Refused as refused:
            if refused.args[0] not in (404, 412):
                raise

    def owner_of(self, pool: str, address: str) -> str | None:
        try:
            shown = self._call("GET", self._of(pool, address)).json()["ip_address"]
        except Refused:
            return None
        owner: str | None = shown["interface_id"]
        return owner

    def list(self, pool: str) -> Iterator[tuple[str, str | None]]:
        url = f"{self._of(pool)}?limit=500"
        while url:
            page = self._call("GET", url).json()
            yield from ((one["address"], one["interface_id"]) for one in page["ip_addresses"])
            url = "".join(link["href"] for link in page.get("ip_addresses_links", ()))

    def _of(self, pool: str, address: str = "") -> str:
        return f"{self._url}/{self._blocks[pool]}/ip_addresses" + (f"/{address}" if address else "")

    def _call(
        self, method: str, url: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        try:
            answer = self._http.request(method, url, json=body, headers=dict(headers or {}))
        except NewConnectionError as error:
            raise NotDone from error
        except HTTPError as error:
            raise Unknown(f"{type(error).__name__}: {error}") from error
        if answer.status < 400:
            return answer
        if answer.headers["Content-Type"].startswith("application/json"):
            ((_, fault),) = answer.json().items()
            if fault["error_code"] == "database_busy":
                raise NotDone(fault["detail"])
            if answer.status < 500:
                full = fault["error_code"] == "ip_block_full"
                raise (Full if full else Refused)(answer.status, fault["detail"])
        raise Unknown(f"{answer.status} {answer.data[:300]!r}")
