"""Tags of blocks, addresses and interfaces."""

from __future__ import annotations

import pytest

from melange.ipam import quarantine
from melange.ipam.unit import Unit
from tests.melange.everywhere import Melange, path_of


@pytest.fixture(params=["block", "address", "interface"])
def tagged(request: pytest.FixtureRequest, melange: Melange) -> str:
    """The path of an object of each kind in turn."""
    block = path_of(melange.new_block("10.0.0.0/24"))
    melange.post(f"{block}/ip_addresses", {"ip_address": {"interface_id": "vif"}})
    return {
        "block": block,
        "address": f"{block}/ip_addresses/10.0.0.0",
        "interface": "/tenants/acme/interfaces/vif",
    }[request.param]


def tags(melange: Melange, path: str) -> list[str]:
    found: list[str] = melange.get(f"{path}/tags")["tags"]
    return found


def test_tags_are_put_and_removed_one_by_one(melange: Melange, tagged: str) -> None:
    assert tags(melange, tagged) == []
    for tag in ("red", "Red", "blue", "red", "%C3%BC%20x"):
        melange.put(f"{tagged}/tags/{tag}")
    assert tags(melange, tagged) == ["Red", "blue", "red", "ü x"]
    for _ in range(2):
        melange.delete(f"{tagged}/tags/red")
    assert tags(melange, tagged) == ["Red", "blue", "ü x"]


def test_what_is_no_tag_is_refused(melange: Melange, tagged: str) -> None:
    for tag in ("a,b", "x" * 61, "%20"):
        assert melange.call("PUT", f"{tagged}/tags/{tag}").status_int == 400
    assert tags(melange, tagged) == []


def test_changes_of_tags_are_audited(melange: Melange, tagged: str) -> None:
    melange.put(f"{tagged}/tags/red")
    melange.put(f"{tagged}/tags/red")
    (record,) = melange.get("/tenants/acme/audit?action=tag")["audit_records"]
    assert (record["before"], record["after"]) == ({"tags": []}, {"tags": ["red"]})


def test_an_object_that_is_not_there_has_no_tags(melange: Melange) -> None:
    block = path_of(melange.new_block("10.0.0.0/24"))
    theirs = block.replace("acme", "other")
    for path in (f"{block}x", f"{block}/ip_addresses/10.0.0.1", theirs):
        assert melange.call("PUT", f"{path}/tags/red").status_int == 404


def test_a_new_owner_of_an_address_does_not_inherit_its_tags(melange: Melange) -> None:
    block = melange.new_block("10.0.0.0/24")
    path = path_of(block, "ip_addresses")
    melange.post(path, {"ip_address": {"tags": ["red"]}})
    melange.delete(f"{path}/10.0.0.0")
    assert tags(melange, f"{path}/10.0.0.0") == ["red"]

    def much_later(unit: Unit) -> int:
        unit.now = unit.now.replace(year=unit.now.year + 1)
        return quarantine.reclaim(unit, block)

    assert melange.within(much_later) == 1
    melange.post(path, {"ip_address": {"address": "10.0.0.0"}})
    assert tags(melange, f"{path}/10.0.0.0") == []
    assert melange.get(f"{path}?tags=red")["ip_addresses"] == []
