"""The interfaces of an instance, through the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.melange.service import Service, service

VM = "/instances/vm/interfaces"


@pytest.fixture
def melange(tmp_path: Path) -> Service:
    found = service(tmp_path)
    found.block("acme", "10.0.0.0/29", "net")
    return found


def instance(*vif_ids: str, **more: Any) -> dict[str, Any]:
    network = {"network": {"id": "net", "tenant_id": "acme"}, **more}
    made = [{"virtual_interface_id": vif_id, **network} for vif_id in vif_ids]
    return {"instance": {"tenant_id": "acme", "interfaces": made}}


def shown(body: Any) -> dict[str, list[str]]:
    """Vif id -> addresses."""
    return {
        one["id"]: [address["address"] for address in one["ip_addresses"]]
        for one in body["instance"]["interfaces"]
    }


def test_an_instance_without_interfaces_has_an_empty_list(melange: Service) -> None:
    assert melange.ok("GET", VM) == {"instance": {"interfaces": []}}
    assert melange.ok("DELETE", VM) is None


def test_its_interfaces_are_made_in_order(melange: Service) -> None:
    made = melange.ok("PUT", VM, instance("b", "a"))
    assert list(shown(made).items()) == [("b", ["10.0.0.0"]), ("a", ["10.0.0.1"])]
    assert melange.ok("GET", VM) == made
    assert {one["device_id"] for one in made["instance"]["interfaces"]} == {"vm"}


def test_put_replaces_and_post_adds(melange: Service) -> None:
    melange.ok("PUT", VM, instance("v1", "v2"))
    assert list(shown(melange.ok("PUT", VM, instance("v2")))) == ["v2"]
    assert melange.call("POST", VM, instance("v3", "v4")).status_int == 201
    assert list(shown(melange.ok("GET", VM))) == ["v2", "v3", "v4"]
    melange.ok("DELETE", VM)
    assert shown(melange.ok("GET", VM)) == {}


def test_interfaces_of_an_instance_are_made_with_tags(melange: Service) -> None:
    melange.ok("PUT", VM, instance("v1", tags=["red"]))
    melange.ok("POST", VM, instance("v2", tags=["blue"]))
    assert [
        melange.ok("GET", f"/tenants/acme/interfaces/{vif_id}/tags")["tags"]
        for vif_id in ("v1", "v2")
    ] == [["red"], ["blue"]]
    melange.ok("PUT", VM, instance("v1"))
    assert melange.ok("GET", "/tenants/acme/interfaces/v1/tags")["tags"] == []


def test_a_put_that_fails_leaves_what_was(melange: Service) -> None:
    before = melange.ok("PUT", VM, instance("v1"))
    status, _ = melange.refused(
        "PUT", VM, instance("v2", network={"id": "no", "tenant_id": "acme"})
    )
    assert status == 404
    assert melange.ok("GET", VM) == before


def test_an_interface_put_again_has_the_same_mac_address(melange: Service) -> None:
    melange.ok(
        "POST", "/mac_address_ranges", {"mac_address_range": {"cidr": "AA:00:00:00:00:00/48"}}
    )
    for _ in range(2):
        found = melange.ok("PUT", VM, instance("v1"))["instance"]["interfaces"]
        assert found[0]["mac_address"] == "AA:00:00:00:00:00"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (None, "tenant_id"),
        ({"instance": {"interfaces": []}}, "tenant_id"),
        ({"instance": {"tenant_id": "acme"}}, "interfaces"),
    ],
)
def test_what_is_missing_is_told(melange: Service, body: Any, field: str) -> None:
    for method in ("PUT", "POST"):
        status, detail = melange.refused(method, VM, body)
        assert status == 400 and f"{field} should be present" in detail


def test_a_stale_put_changes_nothing(melange: Service) -> None:
    tag = melange.call("GET", VM).headers["ETag"]
    assert melange.call("PUT", VM, instance("v1"), If_Match=tag).status_int == 200
    assert melange.call("PUT", VM, instance("v2"), If_Match=tag).status_int == 412
    assert list(shown(melange.ok("GET", VM))) == ["v1"]
