"""The route table."""

from __future__ import annotations

import pytest

from netkit.errors import MethodNotAllowed, NotFound
from netkit.wsgi import Mapper, Request, Result, Route


def _nothing(request: Request, **variables: str) -> Result:
    return 204, None


def _table(*rows: tuple[str, str], prefix: str = "") -> Mapper:
    mapper = Mapper()
    target = mapper.under(prefix) if prefix else mapper
    target.add(*(Route(method, path, _nothing, policy=None) for method, path in rows))
    mapper.prepare()
    return mapper


def test_variables_of_the_path_reach_the_handler() -> None:
    mapper = _table(("GET", "/networks/{network_id}/ports/{port_id}"))
    assert mapper.match("GET", "/networks/n/ports/p").variables == {
        "network_id": "n",
        "port_id": "p",
    }


@pytest.mark.parametrize("value", ["10.0.0.1", "fe80::1", "a b", "ü", "a+b", "%41", "{x}"])
def test_a_variable_is_any_text_without_a_slash(value: str) -> None:
    mapper = _table(("GET", "/addresses/{address}"))
    assert mapper.match("GET", f"/addresses/{value}").variables == {"address": value}


@pytest.mark.parametrize("path", ["/", "/networks/", "/networks/a/b", "/network", "networks", ""])
def test_other_paths_are_not_found(path: str) -> None:
    mapper = _table(("GET", "/networks"), ("GET", "/networks/{network_id}"))
    with pytest.raises(NotFound):
        mapper.match("GET", path)


def test_a_literal_path_goes_before_a_variable_one() -> None:
    mapper = _table(("GET", "/networks/{network_id}"), ("GET", "/networks/all"))
    assert mapper.match("GET", "/networks/all").route.path == "/networks/all"


def test_a_method_may_fall_through_to_another_pattern() -> None:
    mapper = _table(("GET", "/networks/all"), ("DELETE", "/networks/{network_id}"))
    assert mapper.match("DELETE", "/networks/all").variables == {"network_id": "all"}


def test_the_methods_that_a_path_has_are_told() -> None:
    mapper = _table(("GET", "/networks"), ("POST", "/networks"), ("PUT", "/ports"))
    with pytest.raises(MethodNotAllowed, match="'PUT' is not .* it has GET, HEAD, POST"):
        mapper.match("PUT", "/networks")


def test_a_prefix_goes_before_every_path_of_a_plugin() -> None:
    mapper = _table(("GET", "/networks"), prefix="/v1.0/flat")
    assert list(mapper.rows()) == ["GET /v1.0/flat/networks"]
    assert mapper.match("HEAD", "/v1.0/flat/networks")


def test_a_path_cannot_be_taken_twice() -> None:
    with pytest.raises(ValueError, match="GET /networks has a route already"):
        _table(("GET", "/networks"), ("GET", "/networks"))


def test_a_variable_can_be_narrowed() -> None:
    mapper = Mapper()
    numbers = {"number": "[0-9]+"}
    mapper.add(Route("GET", "/vlans/{number}", _nothing, policy=None, requirements=numbers))
    mapper.prepare()
    assert mapper.match("GET", "/vlans/5").variables == {"number": "5"}
    with pytest.raises(NotFound):
        mapper.match("GET", "/vlans/five")
