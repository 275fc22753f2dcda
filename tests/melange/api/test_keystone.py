"""Who may call when auth_strategy is keystone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from netkit.wsgi.auth import CredentialsMissing
from tests.api.fake_keystone import FakeKeystone
from tests.melange.api.pipeline import Melange, caller, melange

OF_ACME = "/v0.1/ipam/tenants/acme/books"


def settings(url: str) -> str:
    return f"""auth_strategy = keystone
[keystone_authtoken]
auth_type = password
auth_url = {url}
www_authenticate_uri = {url}
username = melange
password = secret
user_domain_id = d
project_name = service
project_domain_id = d
http_connect_timeout = 2
http_request_max_retries = 0
"""


@pytest.fixture(scope="module")
def keystone() -> Iterator[FakeKeystone]:
    fake = FakeKeystone()
    yield fake
    fake.stop()


@pytest.fixture
def server(keystone: FakeKeystone, tmp_path: Path) -> Melange:
    return melange(tmp_path, settings(keystone.url))


def test_a_token_says_who_calls(server: Melange, keystone: FakeKeystone) -> None:
    token = keystone.issue("m-1", project_id="acme", roles=["member"], user_id="ann")
    found = caller(server.get(OF_ACME, X_Auth_Token=token))
    assert found == {"tenant": "acme", "user": "ann", "roles": ["member"], "is_admin": False}


def test_a_token_of_an_administrator_opens_everything(
    server: Melange, keystone: FakeKeystone
) -> None:
    token = keystone.issue("m-2", project_id="cloud", roles=["admin"])
    assert caller(server.get("/v0.1/ipam/books", X_Auth_Token=token))["is_admin"]


def test_a_token_of_another_tenant_is_refused(server: Melange, keystone: FakeKeystone) -> None:
    token = keystone.issue("m-3", project_id="other", roles=["member"])
    answer = server.get(OF_ACME, X_Auth_Token=token)
    assert answer.status_int == 403
    assert answer.text == "User with tenant id other cannot access this resource"


@pytest.mark.parametrize("name", ["X-Roles", "X-Role", "X-Tenant", "X-Project-Id"])
def test_identity_headers_of_a_client_are_worth_nothing(
    server: Melange, keystone: FakeKeystone, name: str
) -> None:
    token = keystone.issue("m-4", project_id="other", roles=["member"])
    lie = "admin" if "Role" in name else "acme"
    assert server.call("GET", OF_ACME, {"X-Auth-Token": token, name: lie}).status_int == 403


@pytest.mark.parametrize("token", ["", "nobody-issued-this"])
def test_a_call_without_a_valid_token_is_refused_by_a_fault(server: Melange, token: str) -> None:
    answer = server.get(f"{OF_ACME}.xml", X_Auth_Token=token)
    assert answer.status_int == 401
    assert answer.text.startswith('<Unauthorized code="401">')
    assert "Keystone uri=" in answer.headers["WWW-Authenticate"]


def test_when_keystone_is_away_the_answer_says_to_try_later(tmp_path: Path) -> None:
    gone = FakeKeystone()
    gone.stop()
    answer = melange(tmp_path, settings(gone.url)).get(OF_ACME, X_Auth_Token="any")
    assert answer.status_int == 503
    assert answer.json["ServiceUnavailable"]["error_code"] == "unavailable"


def test_nobody_to_ask_keystone_as_is_an_error_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(CredentialsMissing, match="needs auth_type"):
        melange(tmp_path, "auth_strategy = keystone\n")
