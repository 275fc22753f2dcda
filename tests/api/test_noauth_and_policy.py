"""Who may do what, without Keystone: the headers say who calls, oslo.policy what they may do."""

from __future__ import annotations

from pathlib import Path

import pytest
from oslo_policy import policy

from netkit.wsgi import Mapper, Route
from nova_netplugins import conf as configuration
from nova_netplugins.api.deploy import UnknownRule, build_app
from nova_netplugins.api.policies import list_rules
from tests.api.serving import Api, serve


def _made_by(api: Api, name: str) -> str:
    answer = api.post_json("/shelves", {"shelf": {"name": name}})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["shelf"]["id"])


def test_a_caller_who_says_nothing_is_an_administrator(api: Api) -> None:
    caller = api.get("/whoami").json()["caller"]
    assert caller["is_admin"] and caller["all_projects"]
    assert caller["project_id"] is None


def test_headers_impersonate(api: Api) -> None:
    caller = (
        api.as_project("p1", "member", "reader").get("/whoami", X_User_Id="ann").json()["caller"]
    )
    assert caller == {
        "project_id": "p1",
        "user_id": "ann",
        "roles": ["member", "reader"],
        "service_roles": [],
        "is_admin": False,
        "all_projects": False,
    }


def test_another_projects_object_does_not_exist(api: Api) -> None:
    one, two = api.as_project("p1"), api.as_project("p2")
    shelf_id = _made_by(one, "one's")
    theirs, nobodys = two.get(f"/shelves/{shelf_id}"), two.get("/shelves/no-such-id")
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert theirs.json()["error"]["code"] == nobodys.json()["error"]["code"] == "shelf_not_found"


def test_lists_hold_ones_own_and_an_administrator_sees_all(api: Api) -> None:
    one, two = api.as_project("p1"), api.as_project("p2")
    ids = {_made_by(one, "one's"), _made_by(two, "two's")}
    assert [s["name"] for s in one.get("/shelves").json()["shelves"]] == ["one's"]
    assert {s["id"] for s in api.get("/shelves").json()["shelves"]} == ids


def test_a_service_sees_all(api: Api) -> None:
    shelf_id = _made_by(api.as_project("p1"), "one's")
    nova = api.as_project("service", "service")
    assert nova.get(f"/shelves/{shelf_id}").status_code == 200


def test_a_reader_reads_and_a_member_writes(api: Api) -> None:
    shelf_id = _made_by(api.as_project("p1"), "one's")
    reader = api.as_project("p1", "reader")
    assert reader.get(f"/shelves/{shelf_id}").status_code == 200
    assert reader.post_json("/shelves", {"shelf": {"name": "b"}}).status_code == 403


@pytest.mark.parametrize("roles", [("nobody",), ("",)])
def test_without_a_role_nothing_is_allowed(api: Api, roles: tuple[str, ...]) -> None:
    assert api.as_project("p1", *roles).get("/shelves").status_code == 403


def test_a_denial_names_the_rule(api: Api) -> None:
    member = api.as_project("p1")
    shelf_id = _made_by(member, "mine")
    answer = member.call("DELETE", f"/shelves/{shelf_id}")
    assert answer.status_code == 403
    error = answer.json()["error"]
    assert (error["code"], error["field"], error["value"]) == (
        "policy_denied",
        "rule",
        "shelves:delete",
    )
    assert "with the roles member in project p1" in error["message"]
    assert shelf_id in api.shelves.rows


def test_policy_is_asked_before_the_body_is_read(api: Api) -> None:
    assert api.as_project("p1", "reader").call("POST", "/shelves", data=b"{").status_code == 403


def test_the_operators_policy_file_has_the_last_word(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text('"shelves:delete": "rule:project_member"\n')
    with serve(f"[oslo_policy]\npolicy_file = {file}\n") as api:
        member = api.as_project("p1")
        assert member.call("DELETE", f"/shelves/{_made_by(member, 'mine')}").status_code == 204


def test_a_route_with_a_rule_that_nobody_declares_is_a_start_up_error() -> None:
    conf = configuration.load([], config_files=[])

    def routes(mapper: Mapper) -> None:
        mapper.add(Route("GET", "/x", lambda request: (200, {}), policy="typo:list"))

    with pytest.raises(UnknownRule, match="GET /v1.0/odd/x asks policy rule 'typo:list'"):
        build_app(conf, [("odd", routes)])


def test_a_plugin_cannot_take_over_a_rule_of_ours() -> None:
    conf = configuration.load([], config_files=[])
    with pytest.raises(policy.DuplicatePolicyError):
        build_app(conf, [], rules=[policy.RuleDefault("networks:list", "@")])


def test_every_rule_is_documented_for_the_sample_file() -> None:
    for rule in list_rules():
        assert rule.description, rule.name
