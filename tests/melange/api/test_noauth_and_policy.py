"""Who may do what without authentication, and what tenants may."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.melange.api.pipeline import Melange, caller, melange

OF_ACME = "/v0.1/ipam/tenants/acme/books"
ACME = {"X-Project-Id": "acme", "X-Roles": "member"}


@pytest.fixture
def server(tmp_path: Path) -> Melange:
    return melange(tmp_path)


def test_a_caller_who_says_nothing_is_an_administrator(server: Melange) -> None:
    assert caller(server.get(OF_ACME))["is_admin"]
    assert caller(server.get("/v0.1/ipam/books"))["is_admin"]


@pytest.mark.parametrize(
    "headers",
    [
        ACME,
        {"X-Tenant": "acme", "X-Role": "Member"},
        {"X-Tenant": "acme"},
        {"X-Project-Id": "acme", "X-Tenant": "other"},
    ],
)
def test_a_tenant_may_use_the_urls_below_its_own_id(
    server: Melange, headers: dict[str, str]
) -> None:
    found = caller(server.call("POST", OF_ACME, headers))
    assert found["tenant"] == "acme" and not found["is_admin"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v0.1/ipam/tenants/other/books"),
        ("POST", "/v0.1/ipam/tenants/other/books.xml"),
        ("GET", "/v0.1/ipam/books"),
        ("PUT", "/v0.1/ipam/allowances/acme"),
    ],
)
def test_a_tenant_may_use_no_other_urls(server: Melange, method: str, path: str) -> None:
    answer = server.call(method, path, ACME)
    assert answer.status_int == 403
    assert answer.content_type == "text/plain"
    assert answer.text == "User with tenant id acme cannot access this resource"


@pytest.mark.parametrize("role", ["admin", "ADMIN", "member,Admin"])
def test_an_administrator_of_any_tenant_may_do_everything(server: Melange, role: str) -> None:
    headers = {"X-Tenant": "other", "X-Role": role}
    assert caller(server.call("POST", OF_ACME, headers))["is_admin"]
    assert server.call("PUT", "/v0.1/ipam/allowances/acme", headers).status_int == 200


def test_a_reader_sees_and_changes_nothing(server: Melange) -> None:
    reader = {**ACME, "X-Roles": "reader"}
    assert server.call("GET", OF_ACME, reader).status_int == 200
    assert server.call("POST", OF_ACME, reader).status_int == 403


@pytest.mark.parametrize("roles", ["", "stranger"])
def test_other_roles_may_do_nothing(server: Melange, roles: str) -> None:
    assert server.call("GET", OF_ACME, {**ACME, "X-Roles": roles}).status_int == 403


def test_a_caller_of_no_tenant_is_nobodys_member(server: Melange) -> None:
    answer = server.call("GET", OF_ACME, {"X-Roles": "member"})
    assert answer.text == "User with tenant id None cannot access this resource"


def test_an_operators_policy_file_is_obeyed(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text('"books:list": "role:librarian"\n')
    server = melange(tmp_path, f"[oslo_policy]\npolicy_file = {tmp_path}/policy.yaml\n")
    assert server.call("GET", OF_ACME, ACME).status_int == 403
    assert server.call("GET", "/v0.1/ipam/books", {"X-Roles": "librarian"}).status_int == 200
    assert server.call("POST", OF_ACME, ACME).status_int == 200
