"""Addresses whose rest is over, made free by one call while another wants one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from melange.ipam import quarantine
from melange.ipam.blocks import Block
from melange.ipam.unit import Unit
from tests.conftest import new_database
from tests.melange.everywhere import TENANT, Melange, path_of, serve
from tests.melange.ipam.ledger import require_agreement
from tests.waiting import PATIENCE, in_background, wait_until_someone_waits


@pytest.fixture(params=["postgresql", "mariadb"])
def melange(request: pytest.FixtureRequest) -> Iterator[Melange]:
    """SQLite has one writer, so that there are no rivals."""
    with new_database(request.getfixturevalue(f"{request.param}_url")) as url, serve(url) as served:
        yield served


def block_of_rested(melange: Melange) -> Block:
    """A block of two addresses, which both are released and due."""
    body = {"policy": {"name": "restless", "keep_deallocated_ips_for_days": 0}}
    policy = melange.post(f"/tenants/{TENANT}/policies", body)["policy"]["id"]
    block = melange.new_block("10.0.0.0/31", policy_id=policy)
    made = melange.post(path_of(block, "ip_addresses"), {"ip_address": {"count": 2}})
    for address in made["ip_addresses"]:
        melange.delete(path_of(block, "ip_addresses", address["address"]))
    return block


@pytest.mark.parametrize("wanted", [{}, {"address": "10.0.0.1"}])
def test_who_waited_for_a_rival_to_make_addresses_free_gets_one(
    melange: Melange, wanted: dict[str, Any]
) -> None:
    block = block_of_rested(melange)

    def reclaim(unit: Unit) -> Future[Any]:
        assert quarantine.reclaim(unit, block) == 2
        body = {"ip_address": wanted}
        second = in_background(lambda: melange.post(path_of(block, "ip_addresses"), body))
        wait_until_someone_waits(melange.database)
        return second

    waiting = melange.within(reclaim)
    assert waiting.result(PATIENCE)["ip_address"]["address"] in ("10.0.0.0", "10.0.0.1")
    require_agreement(melange)
