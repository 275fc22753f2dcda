"""``GET /v0.1/openapi.json``"""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any

import pytest
import webob
from openapi_spec_validator import OpenAPIV31SpecValidator

from melange.api.openapi.shapes import SHAPES
from melange.api.routes import ROWS
from melange.client import types
from tests.melange.service import Service, service


@pytest.fixture(scope="module")
def melange(tmp_path_factory: pytest.TempPathFactory) -> Service:
    return service(Path(tmp_path_factory.mktemp("openapi")))


@pytest.fixture(scope="module")
def document(melange: Service) -> dict[str, Any]:
    found: dict[str, Any] = _get(melange).json
    return found


def _get(melange: Service, method: str = "GET", **headers: str) -> webob.Response:
    request = webob.Request.blank("/v0.1/openapi.json", method=method, headers=headers)
    return request.get_response(melange.app)


def test_it_is_a_valid_document_of_openapi_3_1(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()


def test_it_tells_of_every_route_and_of_no_other(document: dict[str, Any]) -> None:
    told = {
        f"{method.upper()} {path}" for path, found in document["paths"].items() for method in found
    }
    assert told == {f"{row.method} {row.path}" for row in ROWS}


def test_every_operation_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = [one["operationId"] for found in document["paths"].values() for one in found.values()]
    assert len(set(names)) == len(names)


def test_bodies_are_told_by_the_schemas_that_validate_them(document: dict[str, Any]) -> None:
    for row in ROWS:
        told = document["paths"][row.path][row.method.lower()]
        if row.body is None:
            assert "requestBody" not in told
        else:
            assert told["requestBody"]["content"]["application/json"]["schema"] == row.body


def test_it_is_json_whatever_is_accepted(melange: Service) -> None:
    response = _get(melange, Accept="application/xml")
    assert response.content_type == "application/json"
    assert response.json["openapi"] == "3.1.0"


def test_it_needs_no_token(tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.write_text("")
    settings = f"[http_basic]\nuser_file = {users}\n[DEFAULT]\nauth_strategy = http_basic\n"
    asking = service(tmp_path, settings)

    assert asking.call("GET", "/tenants/acme/ip_blocks").status_int == 401
    assert _get(asking).status_int == 200


def test_it_cannot_be_changed(melange: Service) -> None:
    assert _get(melange, "POST").status_int == 404


@pytest.mark.parametrize("name", [name for name in SHAPES if hasattr(types, name)])
def test_the_client_knows_the_members_of_each_object(name: str) -> None:
    known = typing.get_type_hints(getattr(types, name))
    assert set(known) == set(SHAPES[name]["properties"])
