"""If-Match is heeded by every PUT and DELETE there is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from melange.api.routes import ROWS
from melange.api.row import Row
from tests.melange.everywhere import Melange
from tests.melange.world import World, make_world

CHANGES = [row for row in ROWS if row.method in ("PUT", "DELETE")]
SHOWN = {row.path for row in ROWS if row.method == "GET"}
NEVER = '"never"'

BODIES = {
    "holders:update": {"holder": {"interface_id": "vif"}},
    "instances:replace": {"instance": {"tenant_id": "acme", "interfaces": []}},
}


@pytest.fixture
def world(melange: Melange) -> World:
    return make_world(melange)


def shown(row: Row) -> str:
    """The path whose GET has the ETag that a change goes by: its own, or that of its list."""
    if row.path == "/ipam/interfaces/{vif_id}":
        return "/ipam/tenants/{tenant_id}/interfaces/{vif_id}"
    return row.path if row.path in SHOWN else row.path.rpartition("/")[0]


def etag(melange: Melange, path: str) -> str:
    tag: str = melange.answer(200, "GET", path).headers["ETag"]
    return tag


def test_every_change_of_the_api_can_be_made_to_depend_on_a_state(world: World) -> None:
    # What is below an object goes before it.
    for row in sorted(CHANGES, key=lambda row: (row.method == "DELETE", -len(row.path))):
        body, seen = BODIES.get(row.rule or ""), world.url(shown(row))
        if row.path == "/ipam/interfaces/{vif_id}":
            seen = seen.replace("/vif", "/other")
            world.ids["vif_id"] = "other"
        before = etag(world.melange, seen)
        told = world.melange.refusal(row.method, world.url(row.path), body, If_Match=NEVER)
        assert told == (412, "stale"), row
        assert etag(world.melange, seen) == before, row
        world.melange.answer(200, row.method, world.url(row.path), body, If_Match=before)


def test_the_etag_of_a_list_is_of_all_of_it_however_much_is_shown(world: World) -> None:
    path = world.url("/ipam/tenants/{tenant_id}/ip_blocks/{block_id}/ip_addresses/{address}")
    whole = etag(world.melange, f"{path}/inside_globals")
    assert etag(world.melange, f"{path}/inside_globals?address=8.8.8.77") == whole
    assert etag(world.melange, f"{path}/inside_globals.xml") == whole
    world.melange.delete(f"{path}/inside_globals")
    assert etag(world.melange, f"{path}/inside_globals") != whole


def test_a_change_of_a_list_tells_its_new_etag(world: World) -> None:
    path = world.url("/ipam/tenants/{tenant_id}/interfaces/{vif_id}/tags")
    answer = world.melange.answer(200, "PUT", f"{path}/blue", If_Match=etag(world.melange, path))
    assert answer.headers["ETag"] == etag(world.melange, path)


def test_of_many_at_once_one_finds_the_state_that_all_have_seen(
    melange_everywhere: Melange,
) -> None:
    melange = melange_everywhere
    world = make_world(melange)
    inside = f"/tenants/acme/ip_blocks/{world.ids['block_id']}/ip_addresses/10.0.0.0/inside_globals"
    outside = f"/tenants/acme/ip_blocks/{world.ids['public']}/ip_addresses/8.8.8.0/inside_locals"
    tags = "/tenants/acme/interfaces/vif/tags"
    held = "/tenants/acme/networks/net/interfaces/vif/ip_allocations"

    def plug(n: int) -> Any:
        made = [{"virtual_interface_id": f"new-{n}"}]
        return {"instance": {"tenant_id": "acme", "interfaces": made}}

    def rivals(*asked: tuple[str, str, str, Any]) -> list[int]:
        """Method, path, path of the ETag, body."""
        ready = [(method, path, body, etag(melange, seen)) for method, path, seen, body in asked]

        def ask(one: tuple[str, str, Any, str]) -> int:
            method, path, body, seen = one
            status: int = melange.call(method, path, body, If_Match=seen).status_int
            return status

        with ThreadPoolExecutor(len(ready)) as threads:
            return sorted(threads.map(ask, ready))

    one_of_four = [200, 412, 412, 412]
    for n in range(5):
        path = f"/instances/new-{n}/interfaces"
        assert rivals(*(("PUT", path, path, plug(4 * n + k)) for k in range(4))) == one_of_four
        puts = (("PUT", f"{tags}/{n}-{k}", tags, None) for k in range(4))
        assert rivals(*puts) == one_of_four
    assert rivals(*[("DELETE", path, path, None) for path in (inside, outside) * 2]) == one_of_four
    assert rivals(*[("DELETE", held, held, None)] * 4) == one_of_four
