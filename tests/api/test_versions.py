"""What is open to everybody: versions, services, health."""

from __future__ import annotations

import threading

import pytest

from tests.api.serving import Api, serve


def test_the_root_tells_versions_services_and_health(api: Api) -> None:
    assert api.get(f"{api.url}/").json() == {
        "versions": [
            {
                "id": "v1.0",
                "status": "CURRENT",
                "links": [{"rel": "self", "href": f"{api.url}/v1.0"}],
            }
        ],
        "services": ["library"],
        "health": "ok",
    }


def test_the_link_of_a_version_leads_to_it(api: Api) -> None:
    href = api.get(f"{api.url}/").json()["versions"][0]["links"][0]["href"]
    assert api.get(href).json()["version"]["id"] == "v1.0"


def test_the_root_as_xml(api: Api) -> None:
    body = api.get(f"{api.url}/", Accept="application/xml").content.decode()
    assert "<services><service>library</service></services><health>ok</health>" in body


def _away() -> None:
    raise ConnectionError("no route to db.example.org, user root")


def test_a_database_that_is_away_fails_the_health_check_and_no_more() -> None:
    with serve(probes={"database": _away}) as api:
        answer = api.get(f"{api.url}/healthcheck")
        assert answer.status_code == 503
        assert answer.json() == {"health": {"status": "failing", "checks": {"database": "failing"}}}
        assert api.get(f"{api.url}/").json()["health"] == "failing"
        assert api.get("/shelves").status_code == 200


def test_a_probe_that_hangs_holds_one_thread_at_most() -> None:
    hanging, answers = threading.Event(), threading.Event()
    answers.set()

    def probe() -> None:
        if not answers.is_set():
            hanging.set()
        assert answers.wait(30)

    with serve(probes={"database": probe}) as api:
        check = f"{api.url}/healthcheck"
        assert api.get(check).status_code == 200
        answers.clear()
        first = threading.Thread(target=_until, args=(api, check, hanging))
        first.start()
        assert hanging.wait(10)
        assert [api.get(check).status_code for _ in range(8)] == [200] * 8
        answers.set()
        first.join()


def _until(api: Api, url: str, reached: threading.Event) -> None:
    while not reached.is_set():
        api.get(url)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_changed_there(api: Api, method: str) -> None:
    answer = api.call(method, f"{api.url}/healthcheck")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD"


def test_every_answer_has_a_request_id_of_its_own(api: Api) -> None:
    ids = {api.get("/shelves").headers["X-Openstack-Request-Id"] for _ in range(3)}
    assert len(ids) == 3
    assert all(request_id.startswith("req-") for request_id in ids)


def test_each_call_is_one_line_in_the_access_log(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "netkit.access")
    answer = api.get("/no%0Ashelves?a=%22b")
    line = next(r.getMessage() for r in caplog.records if "no%0Ashelves" in r.getMessage())
    assert '"GET /v1.0/library/no%0Ashelves?a=%22b" 400 ' in line
    assert line.endswith(answer.headers["X-Openstack-Request-Id"])
