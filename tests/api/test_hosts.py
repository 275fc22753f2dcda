"""``/v1.0/hosts``: what agents ask and tell. ``/v1.0/projects``: which service a project has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from nova_netplugins import wire
from nova_netplugins.plugin import ACTIVE, Wiring
from tests.functional.cell import Cell, cell, configure
from tests.functional.tiny import Tiny


@pytest.fixture
def services() -> tuple[Tiny, Tiny]:
    return Tiny("first"), Tiny("second")


@pytest.fixture
def cloud(services: tuple[Tiny, Tiny], tmp_path: Path) -> Iterator[Cell]:
    with cell(configure(tmp_path), *(tiny.descriptor() for tiny in services)) as made:
        yield made


def call(
    cloud: Cell, method: str, path: str, body: object = None, **headers: str
) -> requests.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.request(method, f"{cloud.url}/v1.0{path}", json=body, headers=named, timeout=10)


def test_a_host_is_told_the_nics_of_all_services_with_their_networks(
    cloud: Cell, services: tuple[Tiny, Tiny]
) -> None:
    first, second = services
    here = [first.api.create("nic1"), second.api.create("nic2")]
    first.api.create("nic3", host="elsewhere")

    rows = call(cloud, "GET", "/hosts/here/wirings").json()["wirings"]

    assert [row["service"] for row in rows] == ["first", "second"]
    assert [wire.from_dict(Wiring, row).nic for row in rows] == here
    assert rows[0]["network"]["attributes"] == {"bridge": "br-tiny"}


def test_a_host_without_nics_is_told_so(cloud: Cell) -> None:
    assert call(cloud, "GET", "/hosts/nowhere/wirings").json() == {"wirings": []}


def test_a_report_changes_the_status_of_a_nic(cloud: Cell, services: tuple[Tiny, Tiny]) -> None:
    services[1].api.create("nic1")

    body = {"virtual_nic": {"service": "second", "status": ACTIVE}}
    answer = call(cloud, "PUT", "/hosts/here/virtual_nics/nic1", body)

    assert answer.status_code == 204
    assert services[1].api.status("nic1") == ACTIVE


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        (
            {"virtual_nic": {"service": "third", "status": ACTIVE}},
            400,
            "unknown_network_service",
            "'third' is not a network service of this cloud; it has first, second",
        ),
        (
            {"virtual_nic": {"service": "first", "status": "BROKEN"}},
            400,
            "invalid_request",
            "virtual_nic.status: 'BROKEN' is not one of ACTIVE, DOWN",
        ),
        (
            {"virtual_nic": {"service": "first", "status": ACTIVE}},
            404,
            "virtual_nic_not_found",
            "virtual NIC 'nic9' does not exist",
        ),
    ],
)
def test_a_report_that_makes_no_sense_is_refused(
    cloud: Cell, body: object, status: int, code: str, message: str
) -> None:
    error = call(cloud, "PUT", "/hosts/here/virtual_nics/nic9", body).json()["error"]

    assert (error["status"], error["code"], error["message"]) == (status, code, message)


def test_only_agents_and_administrators_ask_for_a_hosts_nics(cloud: Cell) -> None:
    def status(roles: str) -> int:
        return call(cloud, "GET", "/hosts/here/wirings", X_Roles=roles).status_code

    assert status("service") == 200
    assert status("admin") == 200
    assert status("member") == 403


def test_a_project_has_the_default_service_until_it_is_given_another(cloud: Cell) -> None:
    path = "/projects/red/network_service"
    default = {"project_id": "red", "service": "first", "default": True}
    given = {"project_id": "red", "service": "second", "default": False}
    assert call(cloud, "GET", path).json()["network_service"] == default

    put = call(cloud, "PUT", path, {"network_service": {"service": "second"}})
    assert put.json()["network_service"] == given
    assert call(cloud, "GET", path).json()["network_service"] == given

    assert call(cloud, "DELETE", path).status_code == 204
    assert call(cloud, "GET", path).json()["network_service"] == default


def test_an_unknown_service_is_refused_with_the_known_ones(cloud: Cell) -> None:
    body = {"network_service": {"service": "third"}}
    answer = call(cloud, "PUT", "/projects/red/network_service", body)

    assert answer.status_code == 400
    assert "it has first, second" in answer.json()["error"]["message"]


def test_a_member_sees_its_own_project_only_and_changes_nothing(cloud: Cell) -> None:
    member = {"X_Roles": "member", "X_Project_Id": "red"}
    body = {"network_service": {"service": "second"}}

    assert call(cloud, "GET", "/projects/red/network_service", **member).status_code == 200
    assert call(cloud, "GET", "/projects/blue/network_service", **member).status_code == 403
    assert call(cloud, "PUT", "/projects/red/network_service", body, **member).status_code == 403
    assert call(cloud, "DELETE", "/projects/red/network_service", **member).status_code == 403
