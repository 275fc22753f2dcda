"""The client and a real server: what one means and the other does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from melange.api.routes import ROWS
from melange.client import Client, connect, errors
from melange.client.ip_addresses import AddressOfBlock
from tests.melange.client import tour
from tests.melange.client.scripted import QUICK
from tests.melange.client.serving import Served, losing_the_first_answer, served


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path, "default_limit = 2\n") as found:
        yield found


@pytest.fixture
def melange(at: Served) -> Client:
    return at.melange


def test_every_route_has_a_method(at: Served) -> None:
    tour.everything(at.melange)

    assert {f"{row.method} /v0.1{row.path}" for row in ROWS} - at.noting.taken == set()


def test_an_answer_that_was_lost_costs_no_second_address(at: Served, melange: Client) -> None:
    block = melange.ip_blocks.create("acme", "10.0.0.0/24")["id"]

    with losing_the_first_answer(at.url) as url:
        made = connect(url, patience=QUICK).ip_addresses.allocate("acme", block)

    assert [one["address"] for one in melange.ip_addresses.list("acme", block)] == [made["address"]]


def test_a_list_is_followed_over_all_its_pages(melange: Client) -> None:
    block = melange.ip_blocks.create("acme", "10.0.0.0/24")["id"]
    made = melange.ip_addresses.allocate_many("acme", block, 5)

    listed = list(melange.ip_addresses.list("acme", block, within="10.0.0.0/30"))

    assert [one["address"] for one in listed] == [one["address"] for one in made[:4]]


def test_a_list_without_links_is_followed_too(
    melange: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("melange.client.ip_addresses._PAGE", 2)
    block = melange.ip_blocks.create("acme", "10.0.0.0/24")["id"]
    local, *others = melange.ip_addresses.allocate_many("acme", block, 6)
    globals_: list[AddressOfBlock] = [
        {"ip_block_id": block, "ip_address": one["address"]} for one in others
    ]
    melange.inside_globals.add("acme", block, local["address"], globals_)

    found = melange.inside_globals.list("acme", block, local["address"])

    assert {one["address"] for one in found} == {one["address"] for one in others}


def test_a_change_by_somebody_else_is_noticed(melange: Client) -> None:
    block = melange.ip_blocks.create("acme", "10.0.0.0/24")["id"]
    etag = melange.ip_blocks.show_versioned("acme", block).etag
    melange.ip_blocks.update("acme", block, gateway="10.0.0.1")

    with pytest.raises(errors.Stale):
        melange.ip_blocks.delete("acme", block, if_match=etag)
    melange.ip_blocks.delete(
        "acme", block, if_match=melange.ip_blocks.show_versioned("acme", block).etag
    )


def test_none_clears_a_field_and_what_is_not_given_stays(melange: Client) -> None:
    block = melange.ip_blocks.create("acme", "10.0.0.0/24", gateway="10.0.0.1", priority=7)

    after = melange.ip_blocks.update("acme", block["id"], gateway=None)

    assert (after["gateway"], after["priority"]) == (None, 7)


def test_a_full_block_is_told_by_its_code(melange: Client) -> None:
    block = melange.ip_blocks.create("acme", "10.0.0.0/32")["id"]
    melange.ip_addresses.allocate("acme", block)

    with pytest.raises(errors.Unprocessable) as caught:
        melange.ip_addresses.allocate("acme", block)
    assert caught.value.error_code == "ip_block_full"


def test_names_with_dots_arrive_as_they_are(melange: Client) -> None:
    melange.ip_blocks.create("acme.example.net", "10.0.0.0/24", network_id="net.json")

    (block,) = melange.networks.ip_blocks("acme.example.net", "net.json")
    assert block["tenant_id"] == "acme.example.net"
    assert melange.quotas.show("acme.xml")["ip_blocks"]["used"] == 0
