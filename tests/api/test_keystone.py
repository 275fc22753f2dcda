"""Who may call when auth_strategy is keystone: auth_token against a Keystone endpoint over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.api.fake_keystone import FakeKeystone
from tests.api.serving import Api, serve


@pytest.fixture(scope="module")
def keystone() -> Iterator[FakeKeystone]:
    fake = FakeKeystone()
    yield fake
    fake.stop()


def settings(keystone_url: str) -> str:
    return f"""
[DEFAULT]
auth_strategy = keystone
[keystone_authtoken]
auth_type = password
auth_url = {keystone_url}
www_authenticate_uri = {keystone_url}
username = net-api
password = secret
user_domain_id = d
project_name = service
project_domain_id = d
service_token_roles = service
service_token_roles_required = true
http_connect_timeout = 2
http_request_max_retries = 0
"""


@pytest.fixture(scope="module")
def api(keystone: FakeKeystone) -> Iterator[Api]:
    with serve(settings(keystone.url)) as served:
        yield served


def _error(response: requests.Response) -> dict[str, object]:
    error = response.json()["error"]
    assert isinstance(error, dict)
    return error


def test_a_valid_token_says_who_calls(api: Api, keystone: FakeKeystone) -> None:
    token = keystone.issue("t-1", project_id="p1", roles=["member", "reader"], user_id="ann")
    answer = api.with_token(token).get("/whoami")
    assert answer.json()["caller"] == {
        "project_id": "p1",
        "user_id": "ann",
        "roles": ["member", "reader"],
        "service_roles": [],
        "is_admin": False,
        "all_projects": False,
    }


@pytest.mark.parametrize("token", ["", "nobody-issued-this", "x" * 5000])
def test_a_call_without_a_valid_token_is_refused_in_our_shape(api: Api, token: str) -> None:
    answer = api.with_token(token).get("/shelves")
    assert answer.status_code == 401
    assert "Keystone uri=" in answer.headers["WWW-Authenticate"]
    error = _error(answer)
    assert error["code"] == "unauthorized"
    assert error["request_id"] == answer.headers["X-Openstack-Request-Id"]


def test_an_expired_token_is_refused(api: Api, keystone: FakeKeystone) -> None:
    token = keystone.issue("t-old", project_id="p1", roles=["member"], lifetime=-60)
    assert api.with_token(token).get("/shelves").status_code == 401


def test_a_refusal_is_xml_for_who_asks_for_xml(api: Api) -> None:
    answer = api.get("/shelves.xml")
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/xml"
    assert b"<error><code>unauthorized</code><status>401</status>" in answer.content


def test_identity_headers_of_a_client_are_worth_nothing(api: Api, keystone: FakeKeystone) -> None:
    token = keystone.issue("t-2", project_id="p1", roles=["member"])
    liar = api.with_token(token, **{"X-Roles": "admin", "X-Project-Id": "p2"})
    caller = liar.get("/whoami").json()["caller"]
    assert (caller["project_id"], caller["roles"]) == ("p1", ["member"])


def test_a_call_that_a_service_passes_on_is_still_the_users(
    api: Api, keystone: FakeKeystone
) -> None:
    user = keystone.issue("t-3", project_id="p1", roles=["member"])
    service = keystone.issue("t-nova", project_id="service", roles=["service"])
    caller = api.with_token(user, **{"X-Service-Token": service}).get("/whoami").json()["caller"]
    assert caller["service_roles"] == ["service"]
    assert not caller["all_projects"] and not caller["is_admin"]


def test_a_service_that_asks_for_itself_sees_every_project(
    api: Api, keystone: FakeKeystone
) -> None:
    service = keystone.issue("t-nova", project_id="service", roles=["service"])
    caller = api.with_token(service).get("/whoami").json()["caller"]
    assert caller["all_projects"] and not caller["is_admin"]


def test_a_service_token_without_the_service_role_is_refused(
    api: Api, keystone: FakeKeystone
) -> None:
    user = keystone.issue("t-4", project_id="p1", roles=["member"])
    other = keystone.issue("t-5", project_id="p2", roles=["member"])
    answer = api.with_token(user, **{"X-Service-Token": other}).get("/whoami")
    assert answer.status_code == 401


def test_a_token_of_no_project_owns_nothing(api: Api, keystone: FakeKeystone) -> None:
    token = keystone.issue("t-6", project_id=None, roles=["member"])
    answer = api.with_token(token).get("/shelves")
    assert answer.status_code == 403
    assert _error(answer)["code"] == "policy_denied"


def test_projects_do_not_see_each_other(api: Api, keystone: FakeKeystone) -> None:
    one = api.with_token(keystone.issue("t-7", project_id="p7", roles=["member"]))
    two = api.with_token(keystone.issue("t-8", project_id="p8", roles=["member"]))
    made = one.post_json("/shelves", {"shelf": {"name": "seven"}}).json()["shelf"]
    assert two.get(f"/shelves/{made['id']}").status_code == 404
    assert two.get("/shelves").json() == {"shelves": []}
    assert one.get(f"/shelves/{made['id']}").status_code == 200


@pytest.mark.parametrize("path", ["/", "/v1.0", "/healthcheck"])
def test_versions_and_health_need_no_token(api: Api, path: str) -> None:
    assert api.get(f"{api.url}{path}").status_code == 200


def test_when_keystone_is_away_the_answer_says_to_try_later() -> None:
    gone = FakeKeystone()
    gone.stop()
    with serve(settings(gone.url)) as api:
        answer = api.with_token("any").get("/shelves")
    assert answer.status_code == 503
    assert _error(answer)["code"] == "unavailable"


def test_a_catalogue_without_keystone_is_answered_alike(keystone: FakeKeystone) -> None:
    with serve(settings(keystone.url) + "region_name = elsewhere\n") as api:
        answer = api.with_token("any").get("/shelves")
    assert (answer.status_code, _error(answer)["code"]) == (503, "unavailable")


def test_nobody_to_ask_keystone_as_is_an_error_at_the_start(keystone: FakeKeystone) -> None:
    lines = settings(keystone.url).replace("auth_type = password\n", "")
    with pytest.raises(ValueError, match="needs auth_type"), serve(lines):
        pass
