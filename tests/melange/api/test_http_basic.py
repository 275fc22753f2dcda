"""Who may call when auth_strategy is http_basic."""

from __future__ import annotations

import base64
from pathlib import Path

import bcrypt
import pytest
import webob

from melange.api.auth import UsersMissing
from tests.melange.api.pipeline import Melange, caller, melange

OF_ACME = "/v0.1/ipam/tenants/acme/books"


def hashed(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


def users(file: Path, **passwords: str) -> None:
    file.write_text("".join(f"{user}:{hashed(word)}\n" for user, word in passwords.items()))


def serve(directory: Path, *lines: str) -> Melange:
    options = "\n".join((f"user_file = {directory}/htpasswd", *lines))
    return melange(directory, f"auth_strategy = http_basic\n[http_basic]\n{options}\n")


@pytest.fixture
def server(tmp_path: Path) -> Melange:
    users(tmp_path / "htpasswd", root="one", ann="two", eve="three")
    return serve(tmp_path, "tenants = ann:acme,eve:acme", "roles = eve:reader")


def as_user(user: str, password: str) -> dict[str, str]:
    told = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {told}"}


def post(server: Melange, user: str, password: str, **more: str) -> webob.Response:
    return server.call("POST", OF_ACME, {**as_user(user, password), **more})


def test_a_user_of_no_tenant_is_an_administrator(server: Melange) -> None:
    found = caller(post(server, "root", "one"))
    assert (found["user"], found["tenant"], found["is_admin"]) == ("root", None, True)


def test_a_user_of_a_tenant_is_its_member(server: Melange) -> None:
    found = caller(post(server, "ann", "two"))
    assert (found["user"], found["tenant"], found["is_admin"]) == ("ann", "acme", False)
    assert server.call("GET", "/v0.1/ipam/books", as_user("ann", "two")).status_int == 403


def test_a_user_has_the_roles_that_the_configuration_gives(server: Melange) -> None:
    assert post(server, "eve", "three").status_int == 403
    assert caller(server.call("GET", OF_ACME, as_user("eve", "three")))["roles"] == ["reader"]


def test_what_a_user_says_of_itself_is_worth_nothing(server: Melange) -> None:
    lies = {"X-Roles": "admin", "X-Role": "admin", "X-Project-Id": "other", "X-User-Id": "root"}
    found = caller(server.call("POST", OF_ACME, {**as_user("ann", "two"), **lies}))
    assert (found["user"], found["tenant"], found["is_admin"]) == ("ann", "acme", False)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        as_user("ann", "wrong"),
        as_user("nobody", "two"),
        as_user("", ""),
        {"Authorization": "Basic ***"},
        {"Authorization": "Bearer two"},
        {"Authorization": "Basic"},
    ],
)
def test_others_are_asked_for_their_password(server: Melange, headers: dict[str, str]) -> None:
    answer = server.call("GET", OF_ACME, headers)
    assert answer.status_int == 401
    assert answer.headers["WWW-Authenticate"].startswith('Basic realm="melange"')
    assert answer.json["Unauthorized"]["error_code"] == "unauthorized"


def test_a_right_password_does_not_make_wrong_ones_right(server: Melange) -> None:
    assert post(server, "ann", "two").status_int == 200
    assert post(server, "ann", "two").status_int == 200
    assert post(server, "ann", "tw").status_int == 401
    assert post(server, "root", "two").status_int == 401


def test_a_changed_password_counts_at_once(server: Melange, tmp_path: Path) -> None:
    assert post(server, "ann", "two").status_int == 200
    users(tmp_path / "htpasswd", ann="another one")
    assert post(server, "ann", "two").status_int == 401
    assert post(server, "ann", "another one").status_int == 200


@pytest.mark.parametrize("path", ["/", "/healthcheck", "/metrics"])
def test_what_is_for_everybody_needs_no_password(server: Melange, path: str) -> None:
    assert server.get(path).status_int == 200


@pytest.mark.parametrize("content", [None, "ann:plain-text\n"])
def test_without_usable_users_the_server_does_not_start(
    tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "htpasswd").write_text(content)
    with pytest.raises(UsersMissing, match="user_file"):
        serve(tmp_path)
