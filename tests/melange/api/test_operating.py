"""What operators see of a server: its health, its metrics and its log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import webob
from prometheus_client.parser import text_string_to_metric_families

from melange.ipam.utilization import OfBlock, Utilization
from tests.melange.api.pipeline import Melange, melange


@pytest.fixture
def server(tmp_path: Path) -> Melange:
    return melange(tmp_path)


def samples(page: webob.Response) -> dict[tuple[str, ...], float]:
    """Name and values of the labels, in the order of their names -> value."""
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(page.text)
        for sample in family.samples
    }


def test_the_server_is_healthy_while_its_database_answers(server: Melange) -> None:
    answer = server.get("/healthcheck")
    assert answer.status_int == 200
    assert answer.json == {"health": {"status": "ok", "checks": {"database": "ok"}}}


def test_a_server_whose_database_fails_says_so_to_load_balancers(
    tmp_path: Path, server: Melange
) -> None:
    server.database.close()
    (tmp_path / "melange.sqlite").write_bytes(b"no database" * 1000)
    answer = server.get("/healthcheck")
    assert answer.status_int == 503
    assert answer.json["health"]["checks"] == {"database": "failing"}
    assert server.get("/").status_int == 200


def test_requests_are_counted_by_route_method_and_status(server: Melange) -> None:
    for tenant in ("a", "b", "c"):
        server.get(f"/v0.1/ipam/tenants/{tenant}/books")
    server.get("/v0.1/ipam/tenants/a/books", X_Tenant="b")
    server.get("/no/such/thing")
    server.call("BREW", "/v0.1/ipam/books")

    found = samples(server.get("/metrics"))

    route = "/v0.1/ipam/tenants/{tenant_id}/books"
    requests = "melange_http_requests_total"
    assert found[requests, "GET", route, "200"] == 3
    assert found[requests, "GET", route, "403"] == 1
    assert found[requests, "GET", "(none)", "404"] == 1
    assert found[requests, "(other)", "(none)", "404"] == 1
    assert found["melange_http_request_duration_seconds_count", "GET", route] == 4


def test_retries_of_transactions_are_counted(server: Melange) -> None:
    for _ in range(3):
        assert server.call("POST", "/v0.1/ipam/contended").status_int == 200
    found = samples(server.get("/metrics"))
    assert found[("melange_database_transaction_retries_total",)] == 3


def _two_blocks(connection: sa.Connection) -> Iterator[OfBlock]:
    used = Utilization(size=256, allocated=10, quarantined=2, reserved=2, free=242)
    yield OfBlock("b-1", "acme", None, "10.0.0.0/24", 4, used)
    yield OfBlock("b-2", "other", None, "fd00::/64", 6, Utilization(size=2**64, free=2**64))


def test_how_full_each_block_is_can_be_asked_for(tmp_path: Path) -> None:
    server = melange(tmp_path, all_blocks=_two_blocks)
    found = samples(server.get("/metrics?pools=1"))
    states = {
        key[3]: value
        for key, value in found.items()
        if key[1:3] == ("10.0.0.0/24", "b-1") and key[0] == "melange_ip_block_addresses"
    }
    assert states == {"allocated": 10, "quarantined": 2, "reserved": 2, "free": 242}
    assert found["melange_ip_block_size", "fd00::/64", "b-2", "other"] == 2.0**64
    assert "melange_ip_block_size" not in server.get("/metrics").text


def test_how_full_each_block_is_no_tenant_learns(tmp_path: Path) -> None:
    server = melange(tmp_path, all_blocks=_two_blocks)
    answer = server.get("/metrics?pools=1", X_Tenant="acme")
    assert answer.status_int == 403
    assert answer.text == "User with tenant id acme cannot access this resource"
    assert server.get("/metrics", X_Tenant="acme").status_int == 200


def test_each_answer_is_a_line_of_pairs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    server = melange(tmp_path)
    capfd.readouterr()
    answer = server.get("/v0.1/ipam/tenants/a%0Ab/books?x=1", X_Tenant="two words")
    (line,) = capfd.readouterr().out.splitlines()
    assert 'method=GET path="/v0.1/ipam/tenants/a%0Ab/books?x=1" status=' in line
    assert f"request_id={answer.headers['X-Openstack-Request-Id']}" in line


def test_a_line_names_the_tenant(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    server = melange(tmp_path)
    capfd.readouterr()
    server.get("/v0.1/ipam/tenants/acme/books", X_Tenant="two words", X_User_Id="ann")
    (line,) = capfd.readouterr().out.splitlines()
    assert line.endswith('user_id=ann project_id="two words"')
    assert "status=403" in line


def test_lines_can_be_json(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    server = melange(tmp_path, "[api]\naccess_log = json\n")
    capfd.readouterr()
    answer = server.get("/v0.1/ipam/tenants/acme/books", X_Tenant="acme")
    line = json.loads(capfd.readouterr().out)
    assert (line["status"], line["bytes"]) == (200, answer.content_length)
    assert (line["project_id"], line["path"]) == ("acme", "/v0.1/ipam/tenants/acme/books")
    assert line["milliseconds"] >= 0 and line["time"].endswith("+00:00")


def test_lines_can_be_left_out(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    server = melange(tmp_path, "[api]\naccess_log = off\n")
    capfd.readouterr()
    assert server.get("/").status_int == 200
    assert capfd.readouterr().out == ""
