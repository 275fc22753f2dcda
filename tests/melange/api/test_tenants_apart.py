"""Tenants with the same private addresses know nothing of each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.fake_keystone import FakeKeystone
from tests.melange.api.test_keystone import settings
from tests.melange.service import Service, service

CIDR = "10.0.0.0/24"


@pytest.fixture
def keystone() -> Iterator[FakeKeystone]:
    fake = FakeKeystone()
    yield fake
    fake.stop()


@pytest.fixture
def server(keystone: FakeKeystone, tmp_path: Path) -> Service:
    found = settings(keystone.url)
    strategy, _, rest = found.partition("\n")
    return service(tmp_path, f"{rest}\n[DEFAULT]\n{strategy}\n")


class Tenant:
    """A member's calls, with a token of the tenant."""

    def __init__(self, server: Service, keystone: FakeKeystone, name: str) -> None:
        self._server = server
        self._token = keystone.issue(f"t-{name}", project_id=name, roles=["member"])
        self.name = name

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer = self._server.call(method, path, body, X_Auth_Token=self._token)
        json = "json" in (answer.content_type or "") and answer.body
        return answer.status_int, answer.json if json else answer.text

    def settle(self) -> str:
        """The path of a new block, with one address."""
        block = {"type": "private", "cidr": CIDR}
        status, made = self.call("POST", f"/tenants/{self.name}/ip_blocks", {"ip_block": block})
        assert status == 201, made
        path = f"/tenants/{self.name}/ip_blocks/{made['ip_block']['id']}"
        status, made = self.call("POST", f"{path}/ip_addresses")
        assert (status, made["ip_address"]["address"]) == (201, "10.0.0.0")
        return path


def test_two_have_the_same_cidr_and_a_third_sees_neither(
    server: Service, keystone: FakeKeystone
) -> None:
    red, blue, third = (Tenant(server, keystone, name) for name in ("red", "blue", "third"))
    paths = [red.settle(), blue.settle()]

    for path in paths:
        for below in ("", "/ip_addresses", "/ip_addresses/10.0.0.0", "/utilization", "/subnets"):
            assert third.call("GET", path + below)[0] == 403
        # Below its own URL, another's block does not exist.
        own = path.replace("/tenants/red/", "/tenants/third/").replace("/blue/", "/third/")
        for below in ("", "/ip_addresses/10.0.0.0"):
            assert third.call("GET", own + below)[0] == 404
            assert third.call("DELETE", own + below)[0] == 404
        assert third.call("POST", own + "/ip_addresses")[0] == 404
    for listing in ("ip_blocks", "allocated_ip_addresses", "interfaces", "audit"):
        status, found = third.call("GET", f"/tenants/third/{listing}?address=10.0.0.0")
        assert status == 200
        assert [rows for name, rows in found.items() if rows] == []
    assert third.call("GET", "/allocated_ip_addresses")[0] == 403
    assert red.call("GET", paths[1])[0] == 403
    assert [
        tenant.call("GET", path)[0] for tenant, path in zip((red, blue), paths, strict=True)
    ] == [
        200,
        200,
    ]
