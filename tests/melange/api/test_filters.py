"""Every list can be narrowed, by each of the filters that it tells of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from melange.api.openapi import answers
from melange.api.routes import ROWS
from melange.api.row import Row
from tests.melange.everywhere import Melange, path_of
from tests.melange.world import World, make_world

PAGING = {"limit", "marker", "order"}
# What no object of the world has, where "nowhere" is no value at all.
OTHERS = {
    "address": "192.0.2.1",
    "contains": "192.0.2.1",
    "within": "192.0.2.0/24",
    "cidr": "192.0.2.0/24",
    "version": "6",
    "mac_address": "02:00:00:00:00:77",
    "number": "77",
    "offset": "-77",
    "length": "77",
    "octet": "77",
    "state": "quarantined",
    "since": "2999-01-01",
    "until": "1999-01-01",
}
OF_MACS = {"contains": "02:00:00:00:00:77", "cidr": "02:00:00:00:00:00/40"}


def rows_in(body: Mapping[str, Any]) -> list[Any]:
    """What is in the list that is below the only root key."""
    (root,) = (key for key in body if not key.endswith("_links"))
    found = body[root]["interfaces"] if root == "instance" else body[root]
    assert isinstance(found, list)
    return found


def lists() -> Iterator[Row]:
    for row in ROWS:
        answer = answers.of_row(row).body
        if row.method != "GET" or not row.path.startswith("/ipam/") or answer is None:
            continue
        (root,) = answer["required"]
        if root == "instance" or answer["properties"][root].get("type") == "array":
            yield row


def filters(row: Row) -> set[str]:
    return set((row.query or {}).get("properties", {})) - PAGING


LISTS = list(lists())


@pytest.fixture
def world(melange: Melange) -> World:
    return make_world(melange)


def test_each_list_has_a_filter() -> None:
    assert len(LISTS) > 20
    assert [row.path for row in LISTS if not filters(row)] == []


def test_each_filter_leaves_out_what_does_not_pass(world: World) -> None:
    for row in LISTS:
        if row.path.endswith("/deliveries"):
            continue  # tests/melange/events
        path = world.url(row.path)
        assert rows_in(world.melange.get(path)), row
        others = OTHERS | (OF_MACS if "mac_address_ranges" in path else {})
        for name in filters(row):
            found = world.melange.get(f"{path}?{name}={others.get(name, 'nowhere')}")
            assert rows_in(found) == [], (row, name)


def test_what_is_no_filter_of_a_list_is_ignored(world: World) -> None:
    every = {name for row in LISTS for name in filters(row)} | {"colour"}
    for row in LISTS:
        path = world.url(row.path)
        query = "&".join(f"{name}=nowhere" for name in sorted(every - filters(row)))
        assert world.melange.get(f"{path}?{query}") == world.melange.get(path), row


def test_filters_find_what_passes(melange: Melange) -> None:
    block = melange.new_block("10.0.0.0/24", network_id="net")
    melange.new_block("fd00::/64", network_id="net")
    for destination in ("10.8.0.0", "10.9.0.0"):
        route = {"destination": destination, "gateway": "10.0.0.1"}
        melange.post(path_of(block, "ip_routes"), {"ip_route": route})
    for name, value in (("mtu", 1400), ("domain", "example.org")):
        melange.post(
            path_of(block, "dhcp_options"), {"dhcp_option": {"name": name, "value": value}}
        )
    melange.post("/mac_address_ranges", {"mac_address_range": {"cidr": "AA:00:00:00:00:00/24"}})

    def count(path: str) -> int:
        return len(rows_in(melange.get(path)))

    routes, options = path_of(block, "ip_routes"), path_of(block, "dhcp_options")
    assert (count(f"{routes}?gateway=10.0.0.1"), count(f"{routes}?destination=10.9.0.0")) == (2, 1)
    assert (count(f"{options}?name=MTU"), count(f"{options}?number=15")) == (1, 1)
    assert count(f"{options}?number=15&name=mtu") == 0
    network = "/tenants/acme/networks/net"
    asked = (network, f"{network}?version=6", f"{network}?contains=10.0.0.9")
    assert [count(path) for path in asked] == [2, 1, 1]
    assert melange.refusal("GET", "/tenants/acme/networks/none?version=4")[0] == 404
    assert count("/mac_address_ranges?cidr=aa-00-00-00-00-00/24") == 1


def test_a_webhook_is_found_by_what_it_is_told_of(melange: Melange) -> None:
    hooks = "/tenants/acme/webhooks"
    for events in (["create IpBlock"], ["* IpAddress"], []):
        hook = {"url": f"https://example.net/{len(events)}", "events": events}
        melange.post(hooks, {"webhook": hook})
    found = rows_in(melange.get(f"{hooks}?event=release%20IpAddress"))
    assert [one["events"] for one in found] == [["* IpAddress"], []]
    first = melange.get(f"{hooks}?event=release%20IpAddress&limit=1")
    assert [one["events"] for one in first["webhooks"]] == [["* IpAddress"]]
    rest = first["webhooks_links"][0]["href"].partition("/v0.1/ipam")[2]
    assert [one["events"] for one in rows_in(melange.get(rest))] == [[]]
    assert len(rows_in(melange.get(f"{hooks}?url=https://example.net/0"))) == 1


def test_a_filters_value_that_cannot_be_is_told(world: World) -> None:
    for path, query in (
        ("/ipam/tenants/{tenant_id}/ip_blocks", "version=5"),
        ("/ipam/tenants/{tenant_id}/ip_blocks/{block_id}/dhcp_options", "number=many"),
        ("/ipam/tenants/{tenant_id}/policies/{policy_id}/unusable_ip_octets", f"octet={2**64}"),
        ("/ipam/instances/{device_id}/interfaces", "mac_address=none"),
    ):
        assert world.melange.refusal("GET", f"{world.url(path)}?{query}")[0] == 400
