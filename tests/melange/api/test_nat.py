"""Inside globals and inside locals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from melange.ipam.blocks import Block
from tests.melange.everywhere import Melange, path_of


@dataclass
class Nat:
    """A local block and a global one with two addresses each."""

    melange: Melange
    local: Block
    public: Block

    def globals_of(self, address: str, *further: str) -> str:
        return path_of(self.local, "ip_addresses", address, "inside_globals", *further)

    def locals_of(self, address: str, *further: str) -> str:
        return path_of(self.public, "ip_addresses", address, "inside_locals", *further)

    def reference(self, address: str) -> dict[str, str]:
        block = self.public if address.startswith("8") else self.local
        return {"ip_block_id": block.id, "ip_address": address}

    def link(self, path: str, *addresses: str) -> None:
        body = {"ip_addresses": [self.reference(address) for address in addresses]}
        assert self.melange.answer(200, "POST", path, body).body == b""

    def listed(self, path: str) -> list[str]:
        return [one["address"] for one in self.melange.get(path)["ip_addresses"]]


@pytest.fixture
def nat(melange: Melange) -> Nat:
    found = Nat(
        melange,
        melange.new_block("10.0.0.0/24"),
        melange.new_block("8.8.8.0/24", type="public"),
    )
    for block in (found.local, found.public):
        melange.post(path_of(block, "ip_addresses"), {"ip_address": {"count": 2}})
    return found


def test_a_link_is_seen_from_both_ends(nat: Nat) -> None:
    nat.link(nat.globals_of("10.0.0.0"), "8.8.8.0", "8.8.8.1")
    nat.link(nat.locals_of("8.8.8.0"), "10.0.0.1")
    assert nat.listed(nat.globals_of("10.0.0.0")) == ["8.8.8.0", "8.8.8.1"]
    assert nat.listed(nat.globals_of("10.0.0.1")) == ["8.8.8.0"]
    assert nat.listed(nat.locals_of("8.8.8.0")) == ["10.0.0.0", "10.0.0.1"]


def test_links_are_listed_once_and_in_pages_without_links(nat: Nat) -> None:
    nat.link(nat.globals_of("10.0.0.0"), "8.8.8.0", "8.8.8.1", "8.8.8.0")
    nat.link(nat.locals_of("8.8.8.0"), "10.0.0.0")
    page = nat.melange.get(f"{nat.globals_of('10.0.0.0')}?limit=1")
    (first,) = page["ip_addresses"]
    assert (page.keys(), first["address"]) == ({"ip_addresses"}, "8.8.8.0")
    assert nat.listed(f"{nat.globals_of('10.0.0.0')}?marker={first['id']}") == ["8.8.8.1"]


def test_one_or_all_links_are_removed_whether_there_are_any_or_not(nat: Nat) -> None:
    nat.link(nat.globals_of("10.0.0.0"), "8.8.8.0", "8.8.8.1")
    for other in ("8.8.8.0", "8.8.8.0", "8.8.8.9", "junk"):
        nat.melange.delete(nat.globals_of("10.0.0.0", other))
    assert nat.listed(nat.globals_of("10.0.0.0")) == ["8.8.8.1"]
    for _ in range(2):
        nat.melange.delete(nat.locals_of("8.8.8.1"))
    assert nat.listed(nat.globals_of("10.0.0.0")) == []


def test_what_is_missing_is_told_and_nothing_is_linked(nat: Nat) -> None:
    path, melange = nat.globals_of("10.0.0.0"), nat.melange
    good = nat.reference("8.8.8.0")
    refusals = [
        ({**good, "ip_address": "8.8.8.77"}, (404, "ip_address_not_found")),
        ({**good, "ip_block_id": "none"}, (404, "ip_block_not_found")),
        ({"ip_block_id": nat.public.id}, (400, "invalid_values")),
        ({"ip_address": "8.8.8.0"}, (400, "invalid_values")),
    ]
    for bad, refusal in refusals:
        assert melange.refusal("POST", path, {"ip_addresses": [good, bad]}) == refusal
    lists: list[Any] = [[], None, "8"]
    bodies = [None, {}, *({"ip_addresses": bad} for bad in lists)]
    for body in bodies:
        assert melange.call("POST", path, body).status_int == 400
    assert nat.listed(path) == []


def test_blocks_of_other_tenants_are_not_there(nat: Nat) -> None:
    theirs = nat.melange.new_block("9.9.9.0/24", "other", type="public")
    nat.melange.post(path_of(theirs, "ip_addresses"))
    body = {"ip_addresses": [{"ip_block_id": theirs.id, "ip_address": "9.9.9.0"}]}
    refusal = nat.melange.refusal("POST", nat.globals_of("10.0.0.0"), body)
    assert refusal == (404, "ip_block_not_found")


def test_released_addresses_are_not_linked(nat: Nat) -> None:
    locked, path = (422, "address_locked"), nat.globals_of("10.0.0.0")
    body = {"ip_addresses": [nat.reference("8.8.8.0")]}
    nat.melange.delete(path_of(nat.public, "ip_addresses", "8.8.8.0"))
    assert nat.melange.refusal("POST", path, body) == locked
    nat.melange.put(path_of(nat.public, "ip_addresses", "8.8.8.0", "restore"))
    nat.melange.delete(path_of(nat.local, "ip_addresses", "10.0.0.0"))
    assert nat.melange.refusal("POST", path, body) == locked


def test_links_go_in_xml_too(nat: Nat) -> None:
    path = nat.globals_of("10.0.0.0")
    body = (
        f"<ip_addresses><ip_addresse><ip_block_id>{nat.public.id}</ip_block_id>"
        "<ip_address>8.8.8.1</ip_address></ip_addresse></ip_addresses>"
    )
    assert nat.melange.send_xml("POST", path, body).status_int == 200
    assert nat.listed(path) == ["8.8.8.1"]


def test_lists_can_be_narrowed(nat: Nat) -> None:
    nat.link(nat.globals_of("10.0.0.0"), "8.8.8.0", "8.8.8.1")
    path = nat.globals_of("10.0.0.0")
    assert nat.listed(f"{path}?address=8.8.8.1") == ["8.8.8.1"]
    assert nat.listed(f"{path}?within=8.8.8.0/32&ip_block_id={nat.public.id}") == ["8.8.8.0"]
    assert nat.listed(f"{path}?used_by_tenant=other") == []
